import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { missingTool, testUnless } from "../../kit/basics/skip.ts";

const refused = (forMs: number): Scenario => ({ faults: [{ fault: { kind: "refuse" }, forMs }] });

/** Runs on a terminal of script(1); stdout is discarded, so `text` is the terminal's content. */
const terminal = [
  "sh",
  "-c",
  'exec script -qec "$(printf "\'%s\' " "$@") >/dev/null" /dev/null',
  "sh",
];

const eraseLine = "\u001b[K";
const testOnTerminal = testUnless(missingTool("script"), test.concurrent);

testOnTerminal(
  "a wait of more than a second shows a status line and erases it afterwards",
  async () => {
    const args = ["mac", "--timeout", "4s"];
    const { code, text } = await fetchOnce(refused(1600), args, { around: terminal });
    expect(code).toBe(0);
    expect(text).toMatch(
      /ec2nic: waiting for IMDS \(\d+ tr(y|ies), \d s left\): connection refuse/,
    );
    expect(text).toEndWith(`\r${eraseLine}`);
  },
);

testOnTerminal("a failure erases the status line before its message", async () => {
  const args = ["mac", "--timeout", "1500ms"];
  const { code, text } = await fetchOnce(refused(9000), args, { around: terminal });
  expect(code).toBe(69);
  expect(text).toContain("waiting for IMDS");
  expect(text).toContain(`\r${eraseLine}ec2nic: IMDS not reached: connection refused`);
});

testOnTerminal("SIGTERM erases the status line", async () => {
  const inner = ["sh", "-c", 'timeout -s TERM 1.5 "$@"', "sh"];
  const args = ["mac", "--timeout", "9s"];
  const { text } = await fetchOnce(refused(9000), args, { around: [...terminal, ...inner] });
  expect(text).toContain("waiting for IMDS");
  expect(text).toContain(`\r${eraseLine}ec2nic: ended by SIGTERM`);
});

const withoutLine: readonly {
  readonly what: string;
  readonly args: readonly string[];
  readonly forMs: number;
}[] = [
  { what: "a short wait", args: ["mac"], forMs: 400 },
  { what: "-q", args: ["mac", "-q"], forMs: 1300 },
];

for (const { what, args, forMs } of withoutLine) {
  testOnTerminal(`${what} shows no status line`, async () => {
    const { text } = await fetchOnce(refused(forMs), args, { around: terminal });
    expect(text).toBe("");
  });
}

testOnTerminal("without a terminal on stderr there is no status line", async () => {
  const { stderr } = await fetchOnce(refused(1300), ["mac"]);
  expect(stderr).toBe("");
});
