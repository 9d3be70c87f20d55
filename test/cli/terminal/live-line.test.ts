import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { missingTool, testUnless } from "../../kit/basics/skip.ts";

const refused = (forMs: number): Scenario => ({ faults: [{ fault: { kind: "refuse" }, forMs }] });

/** On a terminal of util-linux's script(1); stdout goes elsewhere, so that `text` is the screen. */
const terminal = [
  "sh",
  "-c",
  'exec script -qec "$(printf "\'%s\' " "$@") >/dev/null" /dev/null',
  "sh",
];

const escape = "\u001b[K";
const testOnTerminal = testUnless(missingTool("script"), test.concurrent);

testOnTerminal("a wait of more than a second shows a line, and it is gone afterwards", async () => {
  const args = ["mac", "--timeout", "4s"];
  const { code, text } = await fetchOnce(refused(1600), args, { around: terminal });
  expect(code).toBe(0);
  expect(text).toMatch(
    /ec2nic: waiting for instance metadata \(\d+ tr(y|ies), \d s left\): connection refuse/,
  );
  expect(text).toEndWith(`\r${escape}`);
});

testOnTerminal("a failure is told below a clean line", async () => {
  const args = ["mac", "--timeout", "1500ms"];
  const { code, text } = await fetchOnce(refused(9000), args, { around: terminal });
  expect(code).toBe(69);
  expect(text).toContain("waiting for instance metadata");
  expect(text).toContain(`\r${escape}ec2nic: instance metadata: connection refused`);
});

testOnTerminal("SIGTERM clears it, too", async () => {
  const inner = ["sh", "-c", 'timeout -s TERM 1.5 "$@"', "sh"];
  const args = ["mac", "--timeout", "9s"];
  const { text } = await fetchOnce(refused(9000), args, { around: [...terminal, ...inner] });
  expect(text).toContain("waiting for instance metadata");
  expect(text).toContain(`\r${escape}ec2nic: ended by SIGTERM`);
});

const silent: readonly {
  readonly what: string;
  readonly args: readonly string[];
  readonly forMs: number;
}[] = [
  { what: "a short wait", args: ["mac"], forMs: 400 },
  { what: "-q", args: ["mac", "-q"], forMs: 1300 },
];

for (const { what, args, forMs } of silent) {
  testOnTerminal(`${what} shows none`, async () => {
    const { text } = await fetchOnce(refused(forMs), args, { around: terminal });
    expect(text).toBe("");
  });
}

testOnTerminal("a pipe as stderr has none", async () => {
  const { stderr } = await fetchOnce(refused(1300), ["mac"]);
  expect(stderr).toBe("");
});
