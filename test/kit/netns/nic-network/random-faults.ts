import type { Chance } from "../../basics/chance.ts";
import type { FaultRule } from "../../../../scripts/simulator/faults/fault.ts";
import type { RunResult } from "../../program/run-ec2nic.ts";

/** What happens to a NIC, or to what is behind it. */
export type Mishap = "unplug" | "cut the cable" | "fix" | FaultRule;

export interface Deed {
  /** From the start of the run; 0: before it. */
  readonly atMs: number;
  readonly nic: string;
  readonly mishap: Mishap;
}

/** What is asked of ec2nic, and how that ends where nothing goes wrong. */
export interface Asked {
  readonly args: readonly string[];
  readonly code: number;
  readonly text: string;
}

/** One run, and all that happens during it. */
export interface Trouble {
  readonly asked: Asked;
  readonly timeoutMs: number;
  readonly deeds: readonly Deed[];
  /** One NIC is well from start to end, the others are ill from the start: it must succeed. */
  readonly isSure: boolean;
}

/** Lies to whoever asks for a token, or for anything: never a wrong value for a key. */
const lies: readonly FaultRule[] = [
  ...(["garbage", "empty", "cut", "cut-chunked", "oversized"] as const).map((kind) => token(kind)),
  { fault: { kind: "status", status: 404 }, match: "PUT *" },
  { fault: { kind: "status", status: 200, body: "<html>log in" }, match: "PUT *" },
  { fault: { kind: "garbage" } },
  { fault: { kind: "cut" } },
];

const ailments: readonly FaultRule[] = [
  { fault: { kind: "status", status: 503 } },
  { fault: { kind: "status", status: 429, headers: { "Retry-After": "1" } } },
  { fault: { kind: "token-rejected" } },
  ...(["refuse", "hang", "hang-headers", "reset", "close"] as const).map((kind) => ({
    fault: { kind },
  })),
  { fault: { kind: "delay", ms: 300 } },
  { fault: { kind: "slow", everyMs: 5 } },
];

const breaks: readonly Mishap[] = ["unplug", "cut the cable"];

/** Whatever chance says, for these NICs. */
export function someTrouble(
  chance: Chance,
  nics: readonly string[],
  asks: readonly Asked[],
): Trouble {
  const isSure = chance.fraction() < 0.3;
  const timeoutMs = isSure ? 4000 : 300 + chance.below(1500);
  const deeds = isSure ? sureDeeds(chance, nics) : anyDeeds(chance, nics, timeoutMs);
  return { asked: chance.pick(asks), timeoutMs, deeds, isSure };
}

/** None of these gives out a token: whoever does serves the run, however slowly. */
function sureDeeds(chance: Chance, nics: readonly string[]): readonly Deed[] {
  const well = chance.pick(nics);
  const giving = ["token-rejected", "delay", "slow"];
  const forTokens = [...ailments, ...lies].filter(({ fault }) => !giving.includes(fault.kind));
  return nics
    .filter((nic) => nic !== well)
    .map((nic) => ({ atMs: 0, nic, mishap: chance.pick([...breaks, ...forTokens]) }));
}

function anyDeeds(chance: Chance, nics: readonly string[], timeoutMs: number): readonly Deed[] {
  const mishaps: readonly Mishap[] = [...breaks, ...breaks, ...ailments, ...lies];
  const deeds = Array.from({ length: 2 + chance.below(8) }, (): Deed => {
    const withinMs = chance.pick([1, 400, timeoutMs]);
    const atMs = chance.below(withinMs);
    const isMended = atMs > 0 && chance.fraction() < 0.5;
    return { atMs, nic: chance.pick(nics), mishap: isMended ? "fix" : chance.pick(mishaps) };
  });
  return deeds.toSorted((left, right) => left.atMs - right.atMs);
}

function token(kind: "garbage" | "empty" | "cut" | "cut-chunked" | "oversized"): FaultRule {
  return { fault: { kind }, match: "PUT *" };
}

/** What is wrong with how a run ended, in words; empty where it ended as it may. */
export function complaintsAbout(trouble: Trouble, run: RunResult, graceMs: number): string[] {
  const { asked, timeoutMs, isSure, deeds } = trouble;
  const { code, text, stderr, elapsedMs } = run;
  const isLiedTo = deeds.some(({ mishap }) => lies.some((lie) => lie === mishap));
  const mayFailAs = isSure ? [] : [69, ...(isLiedTo ? [65] : [])];
  const isRight = code === asked.code && text === asked.text;
  const isFailure = mayFailAs.includes(code) && text === "" && stderr.startsWith("ec2nic: ");
  return [
    ...(isRight || isFailure ? [] : [`status ${code} with ${JSON.stringify(text)}: ${stderr}`]),
    ...(elapsedMs <= timeoutMs + graceMs ? [] : [`${Math.round(elapsedMs)} ms`]),
    ...(/unexpected|bug|\bat \w+ \(/.test(stderr) ? [`it says ${stderr}`] : []),
  ];
}
