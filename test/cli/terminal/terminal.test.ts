import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { onTerminal } from "../../kit/program/pty.ts";
import { runEc2nic } from "../../kit/program/run-ec2nic.ts";
import { missingTool, testUnless } from "../../kit/basics/skip.ts";

const testHere = testUnless(missingTool("script"), test.concurrent);
const refused: Scenario = { faults: [{ fault: { kind: "refuse" }, forMs: 1600 }] };
const helps = [[], ["fetch"], ["activate"], ["probe-nics"], ["hotplug"]].map((command) => [
  ...command,
  "--help",
]);

/** Environments that request or forbid colours; ec2nic never prints any. */
const environments: readonly Readonly<Record<string, string>>[] = [
  { TERM: "xterm-256color" },
  { TERM: "xterm-256color", NO_COLOR: "1" },
  { TERM: "xterm-256color", NO_COLOR: "" },
  { TERM: "xterm-256color", FORCE_COLOR: "1", CLICOLOR_FORCE: "1" },
  { TERM: "dumb" },
  {},
];

for (const env of environments) {
  testHere(`ec2nic prints no colours on a terminal with ${JSON.stringify(env)}`, async () => {
    const around = onTerminal(80);
    const runs = [
      await runEc2nic({ args: ["fetch", "--help"], env, around, namespace: true }),
      await runEc2nic({ args: ["fetch", "--bogus"], env, around, namespace: true }),
      await fetchOnce(refused, ["mac", "--timeout", "4s"], { env, around }),
      await runEc2nic({ args: ["probe-nics"], env, around, namespace: true }),
    ];
    for (const { text } of runs) {
      expect(text).not.toBe("");
      // ECMA-48: a sequence that sets colours (SGR) ends in m; one that erases a line does not
      // oxlint-disable-next-line no-control-regex -- control characters are what it searches for
      expect(text).not.toMatch(/\u001b\[[\d;:]*m/);
    }
  });
}

const plain: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>])[] = [
  ["--plain", ["--plain"], { TERM: "xterm" }],
  ["TERM=dumb", [], { TERM: "dumb" }],
];

for (const [what, args, env] of plain) {
  testHere(`with ${what}, a wait prints one line and does not erase it`, async () => {
    const run = ["mac", "--timeout", "4s", ...args];
    const { code, text } = await fetchOnce(refused, run, { env, around: onTerminal(80) });
    expect(code).toBe(0);
    expect(text).toMatch(
      /^ec2nic: waiting for IMDS \(\d+ tr(?:y|ies), \d s left\): .*\r\n06:ec:2a:00:00:00\r\n$/,
    );
  });
}

testHere("--plain without a terminal prints no line about a wait", async () => {
  const { text, stderr } = await fetchOnce(refused, ["mac", "--plain"]);
  expect({ text, stderr }).toEqual({ text: "06:ec:2a:00:00:00\n", stderr: "" });
});

for (const columns of [30, 60]) {
  testHere(`the status line fits into a terminal of ${columns} columns`, async () => {
    const args = ["mac", "--timeout", "4s"];
    const { text } = await fetchOnce(refused, args, { around: onTerminal(columns) });
    const lines = text.split("\r\u001b[K").slice(1, -1);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toHaveLength(columns - 1);
  });
}

test("every help text fits into 80 columns and is ASCII", async () => {
  for (const args of helps) {
    const { text } = await runEc2nic({ args, namespace: true });
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    // every terminal, font and screen reader supports ASCII
    expect(text).toMatch(/^[\n -~]+$/);
  }
});
