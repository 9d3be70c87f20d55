/**
 * `make test`: runs all tests except the long ones. Installs the programs that the tests need where
 * it can (root, apt). Its last line is `N passed, N failed, N skipped`; a skipped test prints why.
 */
import { join } from "node:path";
import { clientPackages } from "../test/kit/machine/dhcp/dhcp-machine.ts";
import { vmPackages } from "../test/kit/vm/image/image.ts";
import { vmTools } from "../test/kit/vm/tools.ts";
import { machineMissing } from "../test/kit/machine/missing.ts";
import { rootFileSystem, suites } from "../test/kit/machine/root-file-system.ts";
import { formatSeconds } from "./shared/format.ts";
import { installTools } from "./shared/install-tools.ts";
import { describeFailed, type FailedTest, failedTests } from "./test/failed-tests.ts";

const root = join(import.meta.dir, "..");

/** Programs that tests run, with their Debian packages; a test without its program is skipped. */
const tools = {
  busybox: "busybox",
  curl: "curl",
  dash: "dash",
  dnsmasq: "dnsmasq-base",
  fish: "fish",
  groff: "groff-base",
  ip: "iproute2",
  iptables: "iptables",
  mandoc: "mandoc",
  mmdebstrap: "mmdebstrap",
  nft: "nftables",
  netplan: "netplan.io",
  readelf: "binutils",
  script: "bsdutils",
  setpriv: "util-linux",
  strace: "strace",
  sysctl: "procps",
  systemctl: "systemd",
  zsh: "zsh",
};

/**
 * These tests start machines, and wait for daemons most of the time. All other tests run at the same
 * time, one file after the other, because they measure times.
 */
const machineTests = "test/machine/";

/**
 * The virtual machines that show most within minutes, with a real kernel, udev and systemd. They run
 * when the tests beside the machines are done, because the emulated processor takes one of this
 * machine's processors. A test that fails runs once more: beside the machines that processor may be
 * too slow. The pattern fits the names of the tests of trixie with networkd or a NIC model.
 */
const shortVmTests = [
  ...["accelerator", "udev-events", "hotplug"].map((name) => `test/vm/${name}.test.ts`),
  "--retry=1",
  "--test-name-pattern=^trixie(?:'s|, networkd|, v)",
];

/** Tests that take many minutes and have another target: `make lab`, `make release-test`. */
const longTests = ["test/vm/**", ...(await releaseTestsIn("test/release"))];

// where an installation fails, the tests that need the program are skipped and print why
printFailure("installing the programs of the tests", () => installTools(tools));
printFailure("installing the programs of the virtual machines", () => installTools(vmTools));
const bun = [process.execPath, "test", "--only-failures", "--timeout=30000"];
const check = await runStep(["make", "check"]);
if (machineMissing() === null) {
  await prepareMachines().catch((error: unknown) => printError("root file systems", error));
}
const lanes = (
  await Promise.all([
    inTurn(
      [...bun, ...[`${machineTests}**`, ...longTests].map(ignored)],
      ["env", "LAB=1", "nice", ...bun, ...shortVmTests],
    ),
    inTurn([...bun, machineTests]),
  ])
).flat();
const failed = lanes.flatMap(({ output }) => failedTests(output));
const failedAlone = await runAgain(failed);
const passedAlone = failed.length - failedAlone.length;
const count = (word: string): number =>
  lanes
    .map(({ output }) => new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(output)?.[1] ?? "0")
    .reduce((sum, text) => sum + Number(text), 0);
/** Runs that failed for another reason than a test: an error between tests, a crash of the runner. */
const broken = lanes.filter(({ code, output }) => {
  return code !== 0 && !(isComplete(output) && failedTests(output).length > 0);
}).length;
const failures =
  Math.max(count("fail"), failed.length) - passedAlone + broken + Math.sign(check.code);
console.error(describeFailed(failed));
if (passedAlone > 0)
  console.error(`${passedAlone} of these tests passed when they ran again alone`);
console.log(`${count("pass") + passedAlone} passed, ${failures} failed, ${count("skip")} skipped`);
process.exit(failures === 0 && count("pass") > 0 ? 0 : 1);

/**
 * Runs the files of failed tests once more, alone, and returns the tests that fail again. On a small
 * machine the two groups take processor time from each other, and a test may miss its time limit
 * because of that. Where more than three files fail, that is not the reason.
 */
async function runAgain(tests: readonly FailedTest[]): Promise<readonly FailedTest[]> {
  const files = [...new Set(tests.map(({ file }) => file))];
  if (files.length === 0 || files.length > 3) return tests;
  // tests of virtual machines have run twice already
  if (files.some((file) => file.startsWith("test/vm/"))) return tests;
  const { code, output } = await runStep([...bun, ...files]);
  const stillFailed = failedTests(output);
  return isComplete(output) && (code === 0 || stillFailed.length > 0) ? stillFailed : tests;
}

/** Whether a report has its last line, and no error outside of tests. */
function isComplete(output: string): boolean {
  return /^Ran \d+ tests? /m.test(output) && !/^ *\d+ errors?$/m.test(output);
}

/** The test files that need the files of `make release`: they name the reason to skip without them. */
async function releaseTestsIn(folder: string): Promise<readonly string[]> {
  const paths = [...new Bun.Glob(`${folder}/*.test.ts`).scanSync(root)].toSorted();
  const texts = await Promise.all(paths.map((path) => Bun.file(join(root, path)).text()));
  return paths.filter((_, at) => /releaseMissing|is not built/.test(texts[at] ?? ""));
}

function ignored(pattern: string): string {
  return `--path-ignore-patterns=${pattern}`;
}

function printFailure(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    printError(what, error);
  }
}

function printError(what: string, error: unknown): void {
  console.error(`${what}: ${error instanceof Error ? error.message : String(error)}`);
}

/** Builds the root file systems before tests measure times: it uses all processors for minutes. */
async function prepareMachines(): Promise<void> {
  const startMs = performance.now();
  for (const suite of suites) {
    await rootFileSystem(suite);
    await rootFileSystem(suite, clientPackages);
  }
  await rootFileSystem("trixie", vmPackages);
  console.log(`root file systems: ${formatSeconds(performance.now() - startMs, 0)}`);
}

/** Runs commands one after the other, also where one fails. */
async function inTurn(...commands: readonly (readonly string[])[]): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const argv of commands) steps.push(await runStep(argv));
  return steps;
}

interface Step {
  readonly code: number;
  readonly output: string;
}

/** Runs a command; prints and returns its stderr, on which `bun test` reports. */
async function runStep(argv: readonly string[]): Promise<Step> {
  console.log(`$ ${argv.map((word) => word.replace(`${root}/`, "")).join(" ")}`);
  const child = Bun.spawn([...argv], { cwd: root, stdio: ["ignore", "inherit", "pipe"] });
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stderr) {
    const text = decoder.decode(chunk, { stream: true });
    output += text;
    process.stderr.write(text);
  }
  return { code: await child.exited, output };
}
