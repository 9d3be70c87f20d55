import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { firstQuick, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { fetchArgs, fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { startEc2nic } from "../../kit/program/run-ec2nic.ts";
import { missingTool, testUnless } from "../../kit/basics/skip.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";
import { until } from "../../kit/basics/until.ts";

setDefaultTimeout(testLimitMs);

const refused: Scenario = { faults: [{ fault: { kind: "refuse" } }] };

/** Runs on a terminal of script(1); stdout is discarded, so `text` is the terminal's content. */
const terminal = [
  "sh",
  "-c",
  'exec script -qec "$(printf "\'%s\' " "$@") >/dev/null" /dev/null',
  "sh",
];

const eraseLine = "\u001b[K";
const statusLine = "waiting for IMDS";
/** A status line comes after a second. */
const waiting = ["mac", "--timeout", "6s"];
const testOnTerminal = testUnless(missingTool("script"), test.concurrent);

testOnTerminal(
  "a wait of more than a second shows a status line and erases it afterwards",
  async () => {
    await using simulator = await startSimulator({ scenario: refused });
    const args = fetchArgs(simulator.url, ["mac"]);
    const run = startEc2nic({ args, around: terminal });
    await until("there is a status line", () => run.output().includes(statusLine));
    await simulator.clearFaults();
    const { code, text } = await run.result;
    expect(code).toBe(0);
    expect(text).toMatch(
      /ec2nic: waiting for IMDS \(\d+ tr(y|ies), \d\d s left\): connection refuse/,
    );
    expect(text).toEndWith(`\r${eraseLine}`);
  },
);

testOnTerminal("a failure erases the status line before its message", async () => {
  const { code, text } = await fetchOnce(refused, waiting, { around: terminal });
  expect(code).toBe(69);
  expect(text).toContain(statusLine);
  expect(text).toContain(`\r${eraseLine}ec2nic: IMDS not reached: connection refused`);
});

testOnTerminal("SIGTERM erases the status line", async () => {
  await using simulator = await startSimulator({ scenario: refused });
  using folder = temporaryFolder();
  const inner = ["sh", "-c", 'echo $$ >pid; exec "$@"', "sh"];
  const args = fetchArgs(simulator.url, ["mac"]);
  const run = startEc2nic({ args, around: [...terminal, ...inner], cwd: folder.path });
  await until("there is a status line", () => run.output().includes(statusLine));
  process.kill(Number(readFileSync(join(folder.path, "pid"), "utf8")), "SIGTERM");
  const { text } = await run.result;
  expect(text).toContain(`\r${eraseLine}ec2nic: ended by SIGTERM`);
});

testOnTerminal("-q shows no status line", async () => {
  const { code, text } = await fetchOnce(refused, [...waiting, "-q"], { around: terminal });
  expect(code).toBe(69);
  expect(text).toContain("connection refused");
  expect(text).not.toContain(statusLine);
});

// on a busy machine a wait that is short by itself may become long
testOnTerminal("a short wait shows no status line", async () => {
  const run = async () => {
    const faults = [{ fault: { kind: "status", status: 503 } as const, times: 1 }];
    const { code, text, simulator } = await fetchOnce({ faults }, ["mac"], { around: terminal });
    expect([code, simulator.requests.length]).toEqual([0, 3]);
    return text;
  };
  await firstQuick("nothing is printed", run, (text) => text === "");
});

testOnTerminal("without a terminal on stderr there is no status line", async () => {
  const { stderr } = await fetchOnce(refused, waiting);
  expect(stderr).toContain("connection refused");
  expect(stderr).not.toContain(statusLine);
});
