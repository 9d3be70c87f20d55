/**
 * `make test`: everything, on the real parts. Installs the programs that the tests need where it may
 * (root, apt), and ends with a line `N passed, N failed, N skipped`. What is skipped says why.
 */
import { join } from "node:path";
import { needTools } from "../test/kit/basics/need-tools.ts";
import { clientPackages } from "../test/kit/machine/dhcp/dhcp-machine.ts";
import { vmPackages } from "../test/kit/vm/image/image.ts";
import { vmTools } from "../test/kit/vm/tools.ts";
import { machineMissing } from "../test/kit/machine/missing.ts";
import { rootFileSystem, suites } from "../test/kit/machine/root-file-system.ts";
import { describeFailed, type FailedTest, failedTests } from "./test/failed-tests.ts";

const root = join(import.meta.dir, "..");

/** Programs that tests run, and their Debian packages; without them the tests are skipped. */
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
 * Whole machines: they wait for daemons most of the time, and hardly compute. Everything else runs
 * beside them, one file after the other, since it measures times of its own.
 */
const machines = ["test/machine/"];

/**
 * A guest of each kind that tells most, for minutes: a real kernel, udev and systemd. When the rest is
 * done, since an emulated processor takes one of the machine's; twice where it fails, since that
 * processor may be too slow beside the machines.
 */
const shortVmTests = [
  ...["accelerator", "udev-events", "hotplug"].map((name) => `test/vm/${name}.test.ts`),
  "--retry=1",
  "--test-name-pattern=^trixie(?:'s|, networkd|, v)",
];

/** What takes many minutes, and has a target of its own: `make lab`, `make release-test`. */
const elsewhere = ["test/vm/**", ...(await longOnesIn("test/release"))];

if (process.getuid?.() === 0 && Bun.which("apt-get") !== null) {
  // whatever cannot be had is missed by the tests that need it, and they say so
  unlessItFails("the tools of the tests", () => needTools(tools));
  unlessItFails("the tools of the virtual machines", () => needTools(vmTools));
}
const bun = [process.execPath, "test", "--only-failures", "--timeout=30000"];
const check = await runStep(["make", "check"]);
if (machineMissing() === null) {
  await prepareMachines().catch((error: unknown) => tell("root file systems", error));
}
const lanes = (
  await Promise.all([
    inTurn(
      [...bun, ...[...machines.map((folder) => `${folder}**`), ...elsewhere].map(ignored)],
      ["env", "LAB=1", "nice", ...bun, ...shortVmTests],
    ),
    inTurn([...bun, ...machines]),
  ])
).flat();
const failed = lanes.flatMap(({ output }) => failedTests(output));
const failedAlone = await again(failed);
const passedAlone = failed.length - failedAlone.length;
const count = (word: string): number =>
  lanes
    .map(({ output }) => new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(output)?.[1] ?? "0")
    .reduce((sum, text) => sum + Number(text), 0);
/** What ended badly for another reason than a test: an error between tests, a crash of the runner. */
const broken = lanes.filter(({ code, output }) => {
  return code !== 0 && !(isWhole(output) && failedTests(output).length > 0);
}).length;
const failures =
  Math.max(count("fail"), failed.length) - passedAlone + broken + Math.sign(check.code);
console.error(describeFailed(failed));
if (passedAlone > 0) console.error(`passed when run again alone: ${passedAlone} of those above`);
console.log(`${count("pass") + passedAlone} passed, ${failures} failed, ${count("skip")} skipped`);
process.exit(failures === 0 && count("pass") > 0 ? 0 : 1);

/**
 * Those that fail when their files run once more, alone: two lanes on a small machine take each
 * other's time, and a test of seconds may miss its bound by that. Where many fail it is not that.
 */
async function again(tests: readonly FailedTest[]): Promise<readonly FailedTest[]> {
  const files = [...new Set(tests.map(({ file }) => file))];
  if (files.length === 0 || files.length > 3) return tests;
  // guests were tried twice, and last
  if (files.some((file) => file.startsWith("test/vm/"))) return tests;
  const { code, output } = await runStep([...bun, ...files]);
  const stillFailed = failedTests(output);
  return isWhole(output) && (code === 0 || stillFailed.length > 0) ? stillFailed : tests;
}

/** Whether a report came to its end, with nothing wrong between tests. */
function isWhole(output: string): boolean {
  return /^Ran \d+ tests? /m.test(output) && !/^ *\d+ errors?$/m.test(output);
}

/** Those that need what `make release` makes. */
async function longOnesIn(folder: string): Promise<readonly string[]> {
  const paths = [...new Bun.Glob(`${folder}/*.test.ts`).scanSync(root)].toSorted();
  const texts = await Promise.all(paths.map((path) => Bun.file(join(root, path)).text()));
  return paths.filter((_, at) => /releaseMissing|is not built/.test(texts[at] ?? ""));
}

function ignored(pattern: string): string {
  return `--path-ignore-patterns=${pattern}`;
}

function unlessItFails(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    tell(what, error);
  }
}

function tell(what: string, error: unknown): void {
  console.error(`${what}: ${error instanceof Error ? error.message : String(error)}`);
}

/** Before anything that measures: it takes the whole machine, and minutes the first time. */
async function prepareMachines(): Promise<void> {
  const startMs = performance.now();
  for (const suite of suites) {
    await rootFileSystem(suite);
    await rootFileSystem(suite, clientPackages);
  }
  await rootFileSystem("trixie", vmPackages);
  console.log(`root file systems: ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
}

/** Runs commands, each when the one before it has ended, however. */
async function inTurn(...commands: readonly (readonly string[])[]): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const argv of commands) steps.push(await runStep(argv));
  return steps;
}

interface Step {
  readonly code: number;
  readonly output: string;
}

/** Runs a command, and shows and keeps what it says (bun test reports on stderr). */
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
