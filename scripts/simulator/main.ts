import { Failure, reportOf } from "../../src/exit.ts";
import { help } from "./cli/help.ts";
import { type CliOptions, parseOptions } from "./cli/options.ts";
import { loadScenario } from "./cli/load-scenario.ts";
import { formatRequest } from "./cli/log-line.ts";
import { ParseError } from "./scenario/parse.ts";
import type { LoggedRequest } from "./service/request-log.ts";
import type { Simulator } from "./simulator.ts";
import { startSimulator } from "./start.ts";

try {
  await main(Bun.argv.slice(2));
} catch (error) {
  const { code, message, hint } = reportOf(error);
  writeMessage(message);
  if (hint !== null) writeMessage(hint);
  process.exitCode = code;
}

async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  if (options.help) {
    await Bun.write(Bun.stdout, help);
    return;
  }
  const stopRequested = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
  const simulator = await listen(options);
  const lines = simulator.urls.map((url) => `listening on ${url}\n`);
  await Bun.write(Bun.stdout, lines.join(""));
  if (simulator.urls.length < options.listen.length) {
    writeMessage("not listening on IPv6, because IMDS over IPv6 is off; to enable it: --ipv6");
  }
  await stopRequested;
  await simulator.stop();
}

function readOptions(argv: readonly string[]): CliOptions {
  try {
    return parseOptions(argv);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new Failure("USAGE", error.message, { hint: "see --help" });
  }
}

async function listen(options: CliOptions): Promise<Simulator> {
  const scenario = await loadScenario(options, readFile);
  const onRequest = (request: LoggedRequest): void => {
    if (options.log) writeMessage(formatRequest(request));
  };
  try {
    return await startSimulator({ scenario, listen: options.listen, onRequest });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && "code" in error ? error.code : "";
    const kind = code === "EACCES" || code === "EPERM" ? "NOPERM" : "OSERR";
    throw new Failure(kind, `cannot listen: ${message}`, { cause: error });
  }
}

async function readFile(path: string): Promise<Uint8Array | null> {
  const file = Bun.file(path);
  return (await file.exists()) ? file.bytes() : null;
}

function writeMessage(message: string): void {
  process.stderr.write(`imds-simulator: ${message}\n`);
}
