import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { Reading } from "../../model/metadata.ts";
import { toVariables } from "../../output/fetch/env.ts";
import { renderReadings } from "../../output/fetch/readings.ts";
import type { FetchOptions } from "./options.ts";

type OutputHost = Pick<Host, "exec" | "files" | "log" | "print">;

/**
 * Passes readings to a command, a file, or stdout; returns the exit status. Throws `CANTCREAT` or
 * `NOPERM` if the file cannot be written, and what rendering throws; then no output was written.
 */
export async function writeOutput(
  host: OutputHost,
  options: Pick<FetchOptions, "command" | "format" | "output">,
  readings: readonly Reading[],
): Promise<number> {
  const { command, format, output } = options;
  if (command !== null) {
    const options = { env: toVariables(readings), stdio: "inherit" } as const;
    const { code, isStarted } = await host.exec(command, options);
    const problem = code === 127 ? "there is no such command" : "it cannot be executed";
    if (!isStarted) host.log.error(`${command[0]}: ${problem}`);
    return code;
  }
  const data = renderReadings(readings, format);
  if (output === undefined) await host.print(data);
  else await writeOutputFile(host, output, data);
  return 0;
}

/** Refuses devices and pipes, because the file is renamed into place, which would replace them. */
async function writeOutputFile(host: OutputHost, path: string, data: string | Uint8Array) {
  const existing = await host.files.stat(path);
  if (existing !== null && existing.kind !== "file") {
    const hint = "give a regular file; for a device or a pipe, use > instead of --output";
    throw new Failure("CANTCREAT", `${path}: not a regular file`, { hint });
  }
  await host.files.write(path, data, 0o600);
}
