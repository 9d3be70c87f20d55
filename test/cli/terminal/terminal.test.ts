import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { firstQuick, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { fetchArgs, fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { onTerminal } from "../../kit/program/pty.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { type RunOptions, runEc2nic, startEc2nic } from "../../kit/program/run-ec2nic.ts";
import { missingTool, testUnless } from "../../kit/basics/skip.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";
import { until } from "../../kit/basics/until.ts";

setDefaultTimeout(testLimitMs);

const testHere = testUnless(missingTool("script"), test.concurrent);
const refused: Scenario = { faults: [{ fault: { kind: "refuse" } }] };
const eraseLine = "\u001b[K";
const statusLine = "waiting for IMDS";
/** A line about the wait comes after a second. */
const waiting = ["mac", "--timeout", "6s"];

/** Runs on a terminal; IMDS answers when the line about the wait is there. */
async function answerLate(args: readonly string[], env: RunOptions["env"] = {}) {
  await using simulator = await startSimulator({ scenario: refused });
  const options = { args: fetchArgs(simulator.url, ["mac", ...args]), around: onTerminal(80) };
  const run = startEc2nic({ ...options, env: { ...env } });
  await until("there is a line about the wait", () => run.output().includes(statusLine));
  await simulator.clearFaults();
  const { code, text } = await run.result;
  expect(code).toBe(0);
  return text;
}

testHere("a wait of more than a second shows a line, and erases it afterwards", async () => {
  const text = await answerLate([], { TERM: "xterm" });
  expect(text).toMatch(
    /ec2nic: waiting for IMDS \(\d+ tr(y|ies), \d\d s left\): connection refuse/,
  );
  expect(text).toEndWith(`\r${eraseLine}06:ec:2a:00:00:00\r\n`);
});

for (const [args, env] of [
  [["--plain"], { TERM: "xterm" }],
  [[], { TERM: "dumb" }],
] as const) {
  const what = JSON.stringify([args, env]);
  testHere(`with ${what}, a wait prints one line and does not erase it`, async () => {
    expect(await answerLate(args, env)).toMatch(
      /^ec2nic: waiting for IMDS \(\d+ tr(?:y|ies), \d\d s left\): .*\r\n06:ec:2a:00:00:00\r\n$/,
    );
  });
}

testHere("SIGTERM erases the line about the wait", async () => {
  await using simulator = await startSimulator({ scenario: refused });
  using folder = temporaryFolder();
  const around = [...onTerminal(80), "sh", "-c", 'echo $$ >pid; exec "$@"', "sh"];
  const args = fetchArgs(simulator.url, ["mac"]);
  const run = startEc2nic({ args, around, cwd: folder.path });
  await until("there is a line about the wait", () => run.output().includes(statusLine));
  process.kill(Number(readFileSync(join(folder.path, "pid"), "utf8")), "SIGTERM");
  expect((await run.result).text).toContain(`\r${eraseLine}ec2nic: ended by SIGTERM`);
});

for (const columns of [30, 60]) {
  testHere(`the line fits into ${columns} columns, and a failure erases it`, async () => {
    const { code, text } = await fetchOnce(refused, waiting, { around: onTerminal(columns) });
    expect(code).toBe(69);
    const lines = text.split(`\r${eraseLine}`).slice(1);
    expect(lines.pop()).toStartWith("ec2nic: IMDS not reached: connection refused");
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toHaveLength(columns - 1);
  });
}

for (const [args, around] of [
  [["-q"], onTerminal(80)],
  [[], []],
  [["--plain"], []],
] as const) {
  const where = around.length === 0 ? "without a terminal" : "on a terminal";
  testHere(`${where}, fetch ${JSON.stringify(args)} shows no line about a wait`, async () => {
    const { text, stderr } = await fetchOnce(refused, [...waiting, ...args], { around });
    expect(text + stderr).toStartWith("ec2nic: IMDS not reached: connection refused");
    expect(text + stderr).not.toContain(statusLine);
  });
}

// on a busy machine a wait that is short by itself may become long
testHere("a short wait shows no line", async () => {
  const run = async () => {
    const faults = [{ fault: { kind: "status", status: 503 } as const, times: 1 }];
    const { code, text, simulator } = await fetchOnce({ faults }, ["mac"], {
      around: onTerminal(80),
    });
    expect([code, simulator.requests.length]).toEqual([0, 3]);
    return text;
  };
  await firstQuick("only the value is printed", run, (text) => text === "06:ec:2a:00:00:00\r\n");
});

/** Environments that request or forbid colours; ec2nic never prints any. */
for (const env of [
  { TERM: "xterm-256color" },
  { TERM: "xterm-256color", NO_COLOR: "" },
  { TERM: "xterm-256color", FORCE_COLOR: "1", CLICOLOR_FORCE: "1" },
]) {
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
