import type { Random } from "../../basics/random.ts";
import type { FaultRule } from "../../../../scripts/simulator/faults/fault.ts";
import type { RunResult } from "../../program/run-ec2nic.ts";

/** What happens to a NIC, or to what is behind it. */
export type NicFault = "unplug" | "cut the cable" | "fix" | FaultRule;

export interface TimedFault {
  /** From the start of the run; 0: before it. */
  readonly atMs: number;
  readonly nic: string;
  readonly fault: NicFault;
}

/** What is asked of ec2nic, and how that ends where nothing goes wrong. */
export interface ExpectedRun {
  readonly args: readonly string[];
  readonly code: number;
  readonly text: string;
}

/** One run, and all that happens during it. */
export interface FaultyRun {
  readonly expected: ExpectedRun;
  readonly timeoutMs: number;
  readonly faults: readonly TimedFault[];
  /** One NIC is well from start to end, the others are ill from the start: it must succeed. */
  readonly mustSucceed: boolean;
}

/** Lies to whoever asks for a token, or for anything: never a wrong value for a key. */
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

/** Whatever chance says, for these NICs. */
export function randomFaultyRun(
  random: Random,
  nics: readonly string[],
  commands: readonly ExpectedRun[],
): FaultyRun {
  const mustSucceed = random.fraction() < 0.3;
  const timeoutMs = mustSucceed ? 4000 : 300 + random.below(1500);
  const faults = mustSucceed
    ? faultsOfOtherNics(random, nics)
    : randomFaults(random, nics, timeoutMs);
  return { expected: random.pick(commands), timeoutMs, faults, mustSucceed };
}

/** None of these gives out a token: whoever does serves the run, however slowly. */
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

/** What is wrong with how a run ended, in words; empty where it ended as it may. */
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
    ...(/unexpected|bug|\bat \w+ \(/.test(stderr) ? [`it says ${stderr}`] : []),
  ];
}
