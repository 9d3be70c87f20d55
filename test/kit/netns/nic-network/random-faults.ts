import type { Random } from "../../basics/random.ts";
import type { FaultRule } from "../../../../scripts/simulator/faults/fault.ts";
import type { RunResult } from "../../program/run-ec2nic.ts";

/** A fault of a NIC or of the IMDS behind it; `fix` ends it. */
export type NicFault = "unplug" | "cut the cable" | "fix" | FaultRule;

export interface TimedFault {
  /** Since the start of the run; 0: before it. */
  readonly atMs: number;
  readonly nic: string;
  readonly fault: NicFault;
}

/** A command of ec2nic, and its result without faults. */
export interface ExpectedRun {
  readonly args: readonly string[];
  readonly code: number;
  readonly text: string;
}

/** A run with the faults that happen during it. */
export interface FaultyRun {
  readonly expected: ExpectedRun;
  readonly timeoutMs: number;
  /** One try may take longer than the whole run. */
  readonly isPatient: boolean;
  readonly faults: readonly TimedFault[];
  /** One NIC has no fault, and the others have one from the start: the run must succeed. */
  readonly mustSucceed: boolean;
}

/** Invalid answers to requests for a token or for all paths, but never a wrong value of a key. */
const invalidAnswers: readonly FaultRule[] = [
  ...(["garbage", "empty", "cut", "cut-chunked", "oversized"] as const).map((kind) => token(kind)),
  { fault: { kind: "status", status: 404 }, match: "PUT *" },
  { fault: { kind: "status", status: 200, body: "<html>log in" }, match: "PUT *" },
  { fault: { kind: "garbage" } },
  { fault: { kind: "cut" } },
];

const serviceFaults: readonly FaultRule[] = [
  { fault: { kind: "status", status: 503 } },
  { fault: { kind: "status", status: 429, headers: { "Retry-After": "1" } } },
  { fault: { kind: "token-rejected" } },
  ...(["refuse", "hang", "hang-headers", "reset", "close"] as const).map((kind) => ({
    fault: { kind },
  })),
  { fault: { kind: "delay", ms: 300 } },
  { fault: { kind: "slow", everyMs: 5 } },
];

const linkFaults: readonly NicFault[] = ["unplug", "cut the cable"];

/** A random run with random faults of these NICs. */
export function randomFaultyRun(
  random: Random,
  nics: readonly string[],
  commands: readonly ExpectedRun[],
): FaultyRun {
  const mustSucceed = random.fraction() < 0.3;
  const timeoutMs = mustSucceed ? 30_000 : 300 + random.below(1500);
  const isPatient = !mustSucceed && random.fraction() < 0.5;
  const faults = mustSucceed
    ? faultsOfOtherNics(random, nics)
    : randomFaults(random, nics, timeoutMs);
  return { expected: random.pick(commands), timeoutMs, isPatient, faults, mustSucceed };
}

/** Faults that deny a token: an IMDS that gives tokens can serve the run, even if slowly. */
function faultsOfOtherNics(random: Random, nics: readonly string[]): readonly TimedFault[] {
  const healthyNic = random.pick(nics);
  const stillServing = ["token-rejected", "delay", "slow"];
  const withoutToken = [...serviceFaults, ...invalidAnswers].filter(
    ({ fault }) => !stillServing.includes(fault.kind),
  );
  return nics
    .filter((nic) => nic !== healthyNic)
    .map((nic) => ({ atMs: 0, nic, fault: random.pick([...linkFaults, ...withoutToken]) }));
}

function randomFaults(
  random: Random,
  nics: readonly string[],
  timeoutMs: number,
): readonly TimedFault[] {
  const choices: readonly NicFault[] = [
    ...linkFaults,
    ...linkFaults,
    ...serviceFaults,
    ...invalidAnswers,
  ];
  const faults = Array.from({ length: 2 + random.below(8) }, (): TimedFault => {
    const withinMs = random.pick([1, 400, timeoutMs]);
    const atMs = random.below(withinMs);
    const isFixed = atMs > 0 && random.fraction() < 0.5;
    return { atMs, nic: random.pick(nics), fault: isFixed ? "fix" : random.pick(choices) };
  });
  return faults.toSorted((left, right) => left.atMs - right.atMs);
}

function token(kind: "garbage" | "empty" | "cut" | "cut-chunked" | "oversized"): FaultRule {
  return { fault: { kind }, match: "PUT *" };
}

/** What is wrong with the result of a run; empty: nothing. */
export function findProblems(faultyRun: FaultyRun, run: RunResult, graceMs: number): string[] {
  const { expected, timeoutMs, mustSucceed, faults } = faultyRun;
  const { code, text, stderr, elapsedMs } = run;
  const hasInvalidAnswers = faults.some(({ fault }) => invalidAnswers.some((lie) => lie === fault));
  const mayFailAs = mustSucceed ? [] : [69, ...(hasInvalidAnswers ? [65] : [])];
  const isRight = code === expected.code && text === expected.text;
  const isFailure = mayFailAs.includes(code) && text === "" && stderr.startsWith("ec2nic: ");
  return [
    ...(isRight || isFailure ? [] : [`status ${code} with ${JSON.stringify(text)}: ${stderr}`]),
    ...(elapsedMs <= timeoutMs + graceMs ? [] : [`${Math.round(elapsedMs)} ms`]),
    ...(/unexpected|bug|\bat \w+ \(/.test(stderr) ? [`stderr: ${stderr}`] : []),
  ];
}
