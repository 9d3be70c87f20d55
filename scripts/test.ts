/**
 * `make test`: runs all tests except the long ones; `make test PART=unit,cli` runs some parts, which
 * `scripts/test/parts.ts` lists. Installs the programs that the tests need where it can (root, apt).
 * Its last line is `N passed, N failed, N skipped`; a skipped test prints why.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { clientPackages } from "../test/kit/machine/dhcp/dhcp-machine.ts";
import { machineMissing } from "../test/kit/machine/missing.ts";
import { rootFileSystem, rootPath, suites } from "../test/kit/machine/root-file-system.ts";
import { vmPackages } from "../test/kit/vm/image/image.ts";
import { formatSeconds } from "./shared/format.ts";
import { installTools } from "./shared/install-tools.ts";
import { describeFailed } from "./test/failed-tests.ts";
import { chooseParts, type Part } from "./test/parts.ts";
import { allFailed, announce, atOnce, type Step, summarize } from "./test/report.ts";

const root = join(import.meta.dir, "..");
/** No test needs so long: the limit only ends one that hangs. */
const bun = [process.execPath, "test", "--only-failures", "--timeout=600000"];
const styleCommands = [
  ["fmt", "--check"],
  ["node_modules/oxlint/bin/oxlint", "--type-aware", "--deny-warnings"],
  ["check"],
].map((words) => [process.execPath, ...words]);

const chosen = partsOrExit(process.argv[2] ?? "");
const tools = Object.assign({}, ...chosen.map((part) => part.tools)) as Record<string, string>;
const roots = rootsOf(chosen);
const isRoot = process.getuid?.() === 0;
console.log(
  announce(chosen, {
    isRoot,
    missing: missingPackages(),
    canInstall: isRoot && Bun.which("apt-get") !== null,
    rootsToBuild: isRoot
      ? roots.filter(([suite, more]) => !existsSync(rootPath(suite, more))).length
      : 0,
  }),
);
try {
  installTools(tools);
} catch (error) {
  printError("installing programs", error); // the tests that need them are skipped and print why
}
await buildRoots().catch((error: unknown) => printError("root file systems", error));
const steps = await runAll(chosen.flatMap(jobsOf));
const { text, ok } = summarize(steps);
console.error(describeFailed(allFailed(steps)));
console.log(text);
process.exit(ok ? 0 : 1);

/** The parts with these names; exits with 64 (EX_USAGE) and the list where one is unknown. */
function partsOrExit(names: string): readonly Part[] {
  const found = chooseParts(names);
  if (typeof found !== "string") return found;
  console.error(found);
  return process.exit(64);
}

function missingPackages(): readonly string[] {
  const missing = Object.entries(tools).filter(([program]) => Bun.which(program) === null);
  return [...new Set(missing.map(([, debian]) => debian))].toSorted();
}

/** The root file systems that the parts need. */
function rootsOf(some: readonly Part[]): readonly Parameters<typeof rootFileSystem>[] {
  const kinds = new Set(some.map((part) => part.roots));
  const ofMachines = suites.flatMap((suite) => [
    [suite, []] as const,
    [suite, clientPackages] as const,
  ]);
  return [
    ...(kinds.has("machine") ? ofMachines : []),
    ...(kinds.has("vm") ? [["trixie", vmPackages] as const] : []),
  ].map(([suite, more]) => [suite, more]);
}

/** Builds them before the tests: that uses all processors. */
async function buildRoots(): Promise<void> {
  if (roots.length === 0 || machineMissing() !== null) return;
  const startMs = performance.now();
  for (const each of roots) await rootFileSystem(...each);
  console.log(`root file systems: ${formatSeconds(performance.now() - startMs, 0)}`);
}

interface Job {
  readonly part: string;
  readonly commands: readonly (readonly string[])[];
}

/** The processes of a part: one for each group of its files. */
function jobsOf({ name, groups }: Part): readonly Job[] {
  if (name === "style") return [{ part: name, commands: styleCommands }];
  // the pattern fits the tests of trixie with networkd, or with a model of NIC
  const only = ["--test-name-pattern=^trixie(?:'s|, networkd|, v)"];
  const around = name === "vm" ? ["env", "LAB=1", "nice"] : [];
  return groups.map((paths) => ({
    part: name,
    commands: [[...around, ...bun, ...paths, ...(name === "vm" ? only : [])]],
  }));
}

/** Runs jobs in their order, `atOnce` at the same time. */
async function runAll(jobs: readonly Job[]): Promise<readonly Step[]> {
  const left = [...jobs];
  const done: Step[] = [];
  const work = async (): Promise<void> => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) {
      for (const argv of job.commands) done.push({ part: job.part, ...(await run(argv)) });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return done;
}

/** Runs a command; prints and returns its stderr, on which `bun test` reports. */
async function run(argv: readonly string[]): Promise<Omit<Step, "part">> {
  console.log(`$ ${argv.map((word) => word.replace(`${root}/`, "")).join(" ")}`);
  const startMs = performance.now();
  const child = Bun.spawn([...argv], { cwd: root, stdio: ["ignore", "inherit", "pipe"] });
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stderr) {
    const text = decoder.decode(chunk, { stream: true });
    output += text;
    process.stderr.write(text);
  }
  return { code: await child.exited, output, ms: performance.now() - startMs };
}

function printError(what: string, error: unknown): void {
  console.error(`${what}: ${error instanceof Error ? error.message : String(error)}`);
}
