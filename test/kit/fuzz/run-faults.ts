import type { RunResult } from "../program/run-ec2nic.ts";
import { type RunPlan, runTimeoutMs } from "./run-plan.ts";

/** To start, to end and to be kept waiting by a machine that is busy. */
const spareMs = 4000;

/** Those of 8 bits, and what turns text around. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
/** A variable's value is handed on as it is, as far as systemd takes it. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controlsOfVariables = /[\u0000-\u0008\u000b-\u001f\u007f]/;

/** What must never be in what a run came to. */
export function findRunFaults(
  { code, text, stderr, elapsedMs }: RunResult,
  { args, codes }: Pick<RunPlan, "args" | "codes">,
): readonly string[] {
  const forbidden = args.includes("env") ? controlsOfVariables : controls;
  const said = stderr.slice(0, 300);
  const checks: readonly (readonly [boolean, string])[] = [
    [!codes.includes(code), `ended with ${code}: ${said}`],
    [elapsedMs > runTimeoutMs + spareMs, `took ${Math.round(elapsedMs)} ms`],
    [controls.test(stderr), `a control character on stderr: ${JSON.stringify(said)}`],
    [forbidden.test(text), `a control character on stdout: ${JSON.stringify(text.slice(0, 300))}`],
    [/^\s+at .*:\d+:\d+\)?$/m.test(stderr), `a stack trace: ${said}`],
    [stderr.includes("fuzz-token"), "the token is in the log"],
    [text.startsWith("{") && !isJson(text), `no JSON: ${text.slice(0, 200)}`],
  ];
  return checks.flatMap(([isFault, what]) => (isFault ? [what] : []));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
