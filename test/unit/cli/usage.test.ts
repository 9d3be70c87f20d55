import { expect, test } from "bun:test";
import activate from "../../../src/commands/activate.ts";
import fetch from "../../../src/commands/fetch.ts";
import hotplug from "../../../src/commands/hotplug.ts";
import probeNics from "../../../src/commands/probe-nics.ts";
import { Failure } from "../../../src/exit.ts";
import { fakeMachine } from "../../kit/host/fake-machine.ts";

const commands = new Map(
  [activate, fetch, hotplug, probeNics].map((command) => [command.help.name, command]),
);

/** A command line ('' is an empty word), and what the message and the hint contain. */
const wrong: readonly (readonly [line: string, ...texts: readonly string[]])[] = [
  ["fetch mac --fromat env", "fetch has no flag --fromat", "did you mean --format?"],
  ["fetch mac --quite", "no flag --quite", "did you mean --quiet?"],
  ["fetch mac --zzz", "no flag --zzz", "ec2nic fetch --help"],
  ["fetch mac -z", "no flag -z"],
  ["fetch mac -vz", "no flag -z"],
  ["fetch mac --no-wait", "no flag --no-wait"],
  ["fetch mac --__proto__", "no flag --__proto__"],
  ["fetch mac --constructor=x", "no flag --constructor"],
  ["fetch mac --json=no", "--json takes no value", "ec2nic fetch --help"],
  ["fetch mac --wait=true", "--wait takes no value"],
  ["fetch mac --output --json", "--output needs a value: --output=FILE"],
  ["fetch mac --output", "--output needs a value: --output FILE"],
  ["fetch mac --default", "--default needs a value: --default VALUE"],
  ["fetch mac --format", "--format needs a value: --format text|json|env"],
  ["fetch mac --format xml", '--format: unknown value "xml"', "is one of text, json, env"],
  ["fetch mac --format JSON", '"JSON"', "text, json, env"],
  ["fetch mac --log-format xml", '--log-format: unknown value "xml"', "text, json"],
  ["fetch mac --json --format env", "--json and --format env"],
  ["fetch mac --timeout 5", '"5" is not a duration', "10s"],
  ["fetch mac --timeout 0s", "0s leaves no time at all", "--timeout 10s"],
  ["fetch mac --timeout=-1s", '"-1s" is not a duration'],
  ["fetch mac --timeout 1e3s", "is not a duration"],
  ["fetch mac --timeout 25h", "is more than a day"],
  ["fetch mac --max-age soon", '--max-age: "soon" is not a duration'],
  ["fetch mac --retries x", '--retries: "x"', "0 means one try"],
  ["fetch mac --retries 1.5", '--retries: "1.5"'],
  ["fetch mac --retries=-1", '--retries: "-1"'],
  ["fetch mac --retries ''", "--retries"],
  ["fetch mac --output ''", "--output: the value is empty"],
  ["fetch ''", "the key is empty", "is a variable of the calling script empty?"],
  ["fetch mac ''", "the key is empty"],
  ["fetch ..", "would leave its folder"],
  ["fetch a//b", "is an empty name"],
  ["fetch a\nb", "holds a control character"],
  ["fetch mac --interface ''", "--interface", "is a variable"],
  ["fetch mac --interface ens5", "127.0.0.1:", "is on this machine"],
  ["fetch mac --", "there is no command after --", "-- COMMAND"],
  ["fetch mac -- ''", "there is no command after --"],
  ["fetch mac --output f -- true", "--output, --format or --json"],
  ["fetch mac --format env -- true", "--output, --format or --json"],
  ["fetch mac --json -- true", "--output, --format or --json"],
  ["activate ens6", 'activate takes no arguments, but got "ens6"', "ec2nic activate --help"],
  ["activate -- ens6", 'but got "ens6"'],
  ["activate --metadata ''", "--metadata: the value is empty"],
  ["activate --check --dhcp", "--check can't be combined with --dhcp"],
  ["activate --dry-run --dhcp", "--dry-run can't be combined with --dhcp"],
  ["activate --offline --dhcp", "--offline can't be combined with"],
  ["activate --offline --check", "--offline can't be combined with"],
  ["activate --offline --metadata f", "--offline can't be combined with"],
  ["probe-nics ens5", "takes no arguments", "ec2nic probe-nics --interface ens5"],
  ["hotplug plug", 'no action "plug"', "hotplug [add|remove|sync]"],
  ["hotplug add ens6", 'but got "ens6"'],
  ["hotplug add --install", "hotplug add and --install can't be combined"],
  ["hotplug --install --uninstall", "--install and --uninstall can't be"],
  ["hotplug --uninstall --from-dhcp sync", "hotplug sync and --uninstall can't be"],
  ["hotplug sync --from-dhcp", "hotplug sync and --from-dhcp can't be"],
  ["hotplug remove --settle 1s", "--settle is only for hotplug add"],
  ["hotplug sync --settle 1s", "--settle is only for hotplug add"],
  ["hotplug sync --nic ens6", "--nic is only for hotplug add or remove"],
  ["hotplug --install --devpath x", "--devpath is only for hotplug add or remove"],
  ["hotplug add --nic ''", "--nic: the value is empty", "is a variable of"],
  ["hotplug --install --root ''", "--root: the value is empty"],
  ["hotplug --install --timeout 9s", "--timeout has no effect with --install"],
  ["hotplug --install --dhcp", "--dhcp has no effect with --install"],
  ["hotplug --uninstall --stage local", "--stage has no effect with --uninstall"],
  ["hotplug --from-dhcp --root /x", "--root has no effect with --from-dhcp"],
];

test.each(wrong)("ec2nic %j is a wrong command line", async (line, ...texts) => {
  const { kind, message, hint } = await failureOf(line.replaceAll("''", "").split(" "));
  expect(kind).toBe("USAGE");
  for (const each of texts) expect(`${message}; hint: ${hint}`).toContain(each);
  // with `ec2nic: ` before it, the message fits on a line of a terminal
  expect(message.length).toBeLessThanOrEqual(72);
});

test.each([
  ["ftp://127.0.0.1", "is not http"],
  ["https://127.0.0.1", "is not http"],
  ["127.0.0.1:80", "is not a URL"],
  ["", "is not a URL"],
  ["http://", "is not a URL"],
  ["http://u:p@127.0.0.1", "holds credentials"],
  ["http://127.0.0.1/?a=b", "has a query or a fragment"],
  ["http://127.0.0.1/#a", "has a query or a fragment"],
  ["http://127.0.0.1:99999", "is not a URL"],
])("--endpoint %j is a wrong command line", async (endpoint, problem) => {
  const { kind, message } = await failureOf(["fetch", "mac", "--endpoint", endpoint]);
  expect(kind).toBe("USAGE");
  expect(message).toStartWith(`--endpoint: "${endpoint}" ${problem}`);
});

/** Starts the subcommand on a machine without an IMDS; returns its failure. */
async function failureOf([name = "", ...args]: readonly string[]): Promise<Failure> {
  const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1" };
  const machine = fakeMachine();
  const run = commands.get(name)?.start({ ...machine, env }, args);
  const error: unknown = await run?.then(
    () => new Error("the command line is accepted"),
    (thrown: unknown) => thrown,
  );
  expect(machine.done).toEqual([]);
  if (error instanceof Failure) return error;
  throw error;
}
