import { writeOutput } from "./fetch/write-output.ts";
import { defineSubcommand } from "../cli/command.ts";
import { type FetchOptions, fetchFlags, parseFetchOptions } from "./fetch/options.ts";
import { readKeys } from "../imds/metadata/read-keys.ts";
import { parseImdsSettings } from "../imds/protocol/settings.ts";
import { withImds } from "../imds/open-imds.ts";

export default defineSubcommand<typeof fetchFlags, FetchOptions>({
  name: "fetch",
  summary: "Read instance metadata, with retries.",
  operands: "[KEY...] [-- COMMAND...]",
  flags: fetchFlags,
  notes: [
    "KEY is relative to meta-data/ (instance-id, placement/region, tags/instance/Name); " +
      "dynamic/... and user-data are relative to latest/. If KEY is a folder, everything below it is " +
      "read; without KEY, all metadata is read. Both leave out credentials and user-data: to " +
      "print one, name its own key, or use --show-secrets.",
    '--format env prints EC2_INSTANCE_ID="..." lines for eval, for . and for systemd\'s ' +
      "EnvironmentFile=. After a failure it prints (exit N), so that eval ends with status N. " +
      "-- COMMAND runs COMMAND with the same variables.",
  ],
  examples: [
    "ec2nic fetch instance-id",
    "ec2nic fetch placement/region tags/instance/Name --json",
    'eval "$(ec2nic fetch instance-id placement/region --format env)"',
    "ec2nic fetch instance-id -- sh -c 'echo $EC2_INSTANCE_ID'",
    "ec2nic fetch user-data --output /run/user-data",
  ],
  parse: parseFetchOptions,
  run: async (host, options) => {
    const settings = parseImdsSettings(options, host.env);
    const readings = await withImds(host, settings, (imds) => readKeys(host, imds, options));
    return writeOutput(host, options, readings);
  },
  onFailure: () => "", // `main.ts` prints `(exit N)` for a shell that evaluates stdout
});
