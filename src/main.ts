import { runCommand } from "citty";
import { version } from "../package.json";
import { closest } from "./commands/closest.ts";
import type { Command, LooseFlags } from "./commands/command.ts";
import { glance, parseArgv } from "./commands/parse-argv.ts";
import { Failure, reportOf } from "./exit.ts";
import type { Host } from "./host/host.ts";
import { systemHost } from "./host/system.ts";
import { renderCommandHelp, renderProgramHelp } from "./output/help.ts";

const commands: Readonly<Record<string, () => Promise<{ readonly default: Command }>>> = {
  fetch: () => import("./commands/fetch.ts"),
  activate: () => import("./commands/activate.ts"),
};

const args = process.argv.slice(2);
const [name = "", ...rest] = args;
const known = Object.hasOwn(commands, name) ? await commands[name]?.() : undefined;
const command = known?.default;
const loose = command === undefined ? {} : glance(rest, command.help.flags);
const host = systemHost(talk(loose));
process.exit(await main());

/** The one place that catches: whatever a run comes to becomes words and an exit status. */
async function main(): Promise<number> {
  try {
    return await (command === undefined ? runProgram() : runSubcommand(command));
  } catch (error) {
    return await fail(error, host);
  }
}

async function runSubcommand(subcommand: Command): Promise<number> {
  if (loose["help"] === true) return say(renderCommandHelp(subcommand.help));
  if (loose["version"] === true) return say(`ec2nic ${version}\n`);
  const argv = parseArgv(rest, subcommand.help.flags, name);
  const run = subcommand.prepare(argv);
  const { result } = await runCommand(subcommand, { rawArgs: [], data: { host, run } });
  return typeof result === "number" ? result : 0;
}

async function runProgram(): Promise<number> {
  if (name === "--version") return say(`ec2nic ${version}\n`);
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  const help = renderProgramHelp(loaded.map((each) => each.default.help));
  if (name === "--help" || name === "-h") return say(help);
  if (name === "") {
    host.log.error("there is no command", "ec2nic --help");
    return reportOf(new Failure("USAGE", "")).code;
  }
  const near = closest(name, Object.keys(commands));
  const isFlag = name.startsWith("-");
  const hint = near === null ? "ec2nic --help" : `did you mean ec2nic ${near}?`;
  const what = isFlag ? `${name}: flags follow the command` : `${name}: there is no such command`;
  throw new Failure("USAGE", what, { hint });
}

async function say(text: string): Promise<number> {
  await host.print(text);
  return 0;
}

async function fail(
  error: unknown,
  { clock, log, print }: Pick<Host, "clock" | "log" | "print">,
): Promise<number> {
  const report = reportOf(error);
  log.waiting(null);
  log.error(report.message, report.hint);
  if (error instanceof Error && (report.kind === "SOFTWARE" || error.cause !== undefined)) {
    log.verbose(String(error.stack ?? error));
  }
  const data = command?.onFailure(loose, report, Math.round(clock.now())) ?? "";
  await print(data).catch(() => undefined); // stdout may be what failed
  return report.code;
}

function talk({ verbose, quiet, "log-format": format }: LooseFlags) {
  return {
    format: format === "json" ? ("json" as const) : ("text" as const),
    verbosity: verbose ? ("verbose" as const) : quiet ? ("quiet" as const) : ("normal" as const),
  };
}
