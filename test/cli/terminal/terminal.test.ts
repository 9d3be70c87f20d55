import { expect, setDefaultTimeout, test } from "bun:test";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { fetchArgs, fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { onTerminal } from "../../kit/program/pty.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { runEc2nic, startEc2nic } from "../../kit/program/run-ec2nic.ts";
import { missingTool, testUnless } from "../../kit/basics/skip.ts";
import { until } from "../../kit/basics/until.ts";

setDefaultTimeout(testLimitMs);

const testHere = testUnless(missingTool("script"), test.concurrent);
const refused: Scenario = { faults: [{ fault: { kind: "refuse" } }] };
/** A line about the wait comes after a second. */
const waiting = ["mac", "--timeout", "6s"];

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
      await fetchOnce(refused, waiting, { env, around }),
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
    await using simulator = await startSimulator({ scenario: refused });
    const run = startEc2nic({
      args: fetchArgs(simulator.url, ["mac", ...args]),
      env,
      around: onTerminal(80),
    });
    await until("there is a line about the wait", () => run.output().includes("waiting for"));
    await simulator.clearFaults();
    const { code, text } = await run.result;
    expect(code).toBe(0);
    expect(text).toMatch(
      /^ec2nic: waiting for IMDS \(\d+ tr(?:y|ies), \d\d s left\): .*\r\n06:ec:2a:00:00:00\r\n$/,
    );
  });
}

testHere("--plain without a terminal prints no line about a wait", async () => {
  const { stderr } = await fetchOnce(refused, [...waiting, "--plain"]);
  expect(stderr).toStartWith("ec2nic: IMDS not reached: connection refused");
  expect(stderr).not.toContain("waiting for");
});

for (const columns of [30, 60]) {
  testHere(`the status line fits into a terminal of ${columns} columns`, async () => {
    const { text } = await fetchOnce(refused, waiting, { around: onTerminal(columns) });
    const lines = text.split("\r\u001b[K").slice(1, -1);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toHaveLength(columns - 1);
  });
}
