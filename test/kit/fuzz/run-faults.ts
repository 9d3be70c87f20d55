import type { RunResult } from "../program/run-ec2nic.ts";
import { type RunPlan, runTimeoutMs } from "./run-plan.ts";

/** For the start and the end of a process: ten times what several of them need at the same time. */
const spareMs = 10_000;

/** Control characters, those of 8 bits, and characters that reverse text. */
// oxlint-disable-next-line no-control-regex -- it looks for control characters
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
/** The value of a variable is passed on unchanged, as far as systemd accepts it. */
// oxlint-disable-next-line no-control-regex -- it looks for control characters
const controlsOfVariables = /[\u0000-\u0008\u000b-\u001f\u007f]/;

/** What is wrong with the result of a run; empty: nothing. */
export function findRunFaults(
  { code, text, stderr, elapsedMs }: RunResult,
  { args, codes }: Pick<RunPlan, "args" | "codes">,
): readonly string[] {
  const forbidden = args.includes("env") ? controlsOfVariables : controls;
  const firstBytes = stderr.slice(0, 300);
  const checks: readonly (readonly [boolean, string])[] = [
    [!codes.includes(code), `ended with ${code}: ${firstBytes}`],
    [elapsedMs > runTimeoutMs + spareMs, `took ${Math.round(elapsedMs)} ms`],
    [controls.test(stderr), `a control character on stderr: ${JSON.stringify(firstBytes)}`],
    [forbidden.test(text), `a control character on stdout: ${JSON.stringify(text.slice(0, 300))}`],
    [/^\s+at .*:\d+:\d+\)?$/m.test(stderr), `a stack trace: ${firstBytes}`],
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
