import { version } from "../package.json";
import { findClosest } from "./cli/argv-words.ts";
import type { Command } from "./cli/command.ts";
import { isForEval } from "./cli/eval-guard.ts";
import type { LooseFlags } from "./cli/flags.ts";
import { renderCommandHelp, renderProgramHelp } from "./cli/help.ts";
import { Failure, reportOf } from "./exit.ts";
import type { Host } from "./host/host.ts";
import { onCrash } from "./host/process.ts";
import { print } from "./host/terminal/stdout.ts";

const commands: Readonly<Record<string, () => Promise<{ readonly default: Command }>>> = {
  fetch: () => import("./commands/fetch.ts"),
  activate: () => import("./commands/activate.ts"),
  "probe-nics": () => import("./commands/probe-nics.ts"),
  hotplug: () => import("./commands/hotplug.ts"),
};

const [name = "", ...args] = process.argv.slice(2);
process.exit(await main());

/** Runs the command and returns the exit status. Reports every error that the command throws. */
async function main(): Promise<number> {
  if (name === "--version" && (await printVersionEarly())) return 0;
  const { systemHost } = await import("./host/system.ts");
  const command = Object.hasOwn(commands, name) ? (await commands[name]?.())?.default : undefined;
  const flags = command?.parseLoosely(args) ?? {};
  const host = systemHost(logOptions(flags));
  onCrash((error) => void fail(host, error, { command, flags }).then((code) => process.exit(code)));
  try {
    const code = await (command === undefined
      ? runProgram(host)
      : runSubcommand(host, command, flags));
    await host.log.flush();
    return code;
  } catch (error) {
    return await fail(host, error, { command, flags });
  }
}

/**
 * Prints the version before other modules are loaded, because scripts call `--version` often
 * (docs/performance.md). Returns false if stdout fails; the normal run then reports the error.
 */
async function printVersionEarly(): Promise<boolean> {
  const printed = print(`ec2nic ${version}\n`, new AbortController().signal);
  return printed.then(() => true).catch(() => false);
}

async function runSubcommand(host: Host, command: Command, flags: LooseFlags): Promise<number> {
  if (flags["help"] === true) return printText(host, renderCommandHelp(command.help));
  if (flags["version"] === true) return printText(host, `ec2nic ${version}\n`);
  return command.start(host, args);
}

async function runProgram(host: Host): Promise<number> {
  if (name === "--version") return printText(host, `ec2nic ${version}\n`);
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  const help = renderProgramHelp(loaded.map((each) => each.default.help));
  if (name === "--help" || name === "-h") return printText(host, help);
  if (name === "") throw new Failure("USAGE", "no command given", { hint: "ec2nic --help" });
  const near = findClosest(name, [...Object.keys(commands), "--help", "--version"]);
  const isFlag = name.startsWith("-");
  const hint = near === null ? "ec2nic --help" : `did you mean ec2nic ${near}?`;
  const what = isFlag ? `${name}: flags come after the command` : `${name}: no such command`;
  throw new Failure("USAGE", what, { hint });
}

async function printText(host: Pick<Host, "print">, text: string): Promise<number> {
  await host.print(text);
  return 0;
}

interface Invocation {
  readonly command: Command | undefined;
  readonly flags: LooseFlags;
}

/** Logs an error, prints the subcommand's output for a failure, and returns the exit status. */
async function fail(
  { clock, log, print }: Pick<Host, "clock" | "log" | "print">,
  error: unknown,
  { command, flags }: Invocation,
): Promise<number> {
  const report = reportOf(error);
  log.waiting(null);
  log.error(report.message, report.hint);
  if (error instanceof Error && report.kind === "SOFTWARE") {
    for (const line of String(error.stack ?? error).split("\n")) log.verbose(line);
  } else if (error instanceof Error && error.cause instanceof Error) {
    log.verbose(`because: ${error.cause.message}`);
  }
  const data = isForEval([name, ...args])
    ? `(exit ${report.code})\n`
    : (command?.onFailure(flags, report, { elapsedMs: Math.round(clock.now()), error }) ?? "");
  await print(data).catch(() => undefined); // perhaps stdout is closed
  await log.flush();
  return report.code;
}

function logOptions({ verbose, quiet, plain, "log-format": format }: LooseFlags) {
  return {
    isPlain: plain === true,
    format: format === "json" ? ("json" as const) : ("text" as const),
    verbosity: verbose ? ("verbose" as const) : quiet ? ("quiet" as const) : ("normal" as const),
  };
}
