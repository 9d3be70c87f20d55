import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fetchArgs } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { binary, type RunOptions, startEc2nic } from "../../kit/program/run-ec2nic.ts";
import { failingCommand, missingRoot, testUnless } from "../../kit/basics/skip.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";
import { timedTest } from "../../kit/basics/timed-test.ts";

const signals = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

const moments: readonly {
  readonly moment: string;
  readonly args: string[];
  readonly of: Scenario;
}[] = [
  { moment: "it waits for a token", args: ["mac"], of: hangs("PUT *") },
  { moment: "it waits for a value", args: ["mac"], of: hangs("GET *") },
  { moment: "it reads a whole tree", args: [], of: { latencyMs: 150 } },
  {
    moment: "it sleeps between two tries",
    args: ["mac"],
    of: { faults: [{ fault: { kind: "status", status: 503, headers: { "Retry-After": "9" } } }] },
  },
  { moment: "--wait waits for a key", args: ["nope", "--wait"], of: {} },
  { moment: "it reads a slow body", args: ["mac"], of: sendsSlowly() },
];

function hangs(match: string): Scenario {
  return { faults: [{ match, fault: { kind: "hang" } }] };
}

function sendsSlowly(): Scenario {
  return { faults: [{ match: "GET *", fault: { kind: "slow", everyMs: 200 } }] };
}

async function interrupt(
  of: Scenario,
  signal: NodeJS.Signals,
  options: Omit<RunOptions, "args"> & { readonly args: readonly string[] },
) {
  await using simulator = await startSimulator({ scenario: of });
  const run = startEc2nic({ ...options, args: fetchArgs(simulator.url, options.args) });
  while (simulator.requests.length === 0) await Bun.sleep(2);
  await Bun.sleep(60); // until the run is in the wait of this case
  const sentMs = performance.now();
  run.kill(signal);
  return { ...(await run.result), tookMs: performance.now() - sentMs };
}

for (const [signal, status] of signals) {
  for (const { moment, args, of } of moments) {
    timedTest(`${signal} while ${moment} ends fetch at once with ${status}`, async () => {
      const { code, text, stderr, tookMs } = await interrupt(of, signal, { args });
      expect({ code, text }).toEqual({ code: status, text: "" });
      expect(stderr).toBe(`ec2nic: ended by ${signal}\n`);
      expect(tookMs).toBeLessThan(500);
    });
  }

  timedTest(`${signal} with --format env prints (exit ${status})`, async () => {
    const args = ["mac", "--format", "env"];
    const { code, text } = await interrupt(hangs("GET *"), signal, { args });
    expect({ code, text }).toEqual({ code: status, text: `(exit ${status})\n` });
  });

  timedTest(`${signal} with --output keeps the old file and leaves no temporary file`, async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "id");
    writeFileSync(file, "old");
    const args = ["mac", "--output", file];
    expect((await interrupt(hangs("GET *"), signal, { args })).code).toBe(status);
    expect(readFileSync(file, "utf8")).toBe("old");
    expect(readdirSync(folder.path)).toEqual(["id"]);
  });

  timedTest(`${signal} while fetch writes to a full pipe ends it with ${status}`, async () => {
    await using simulator = await startSimulator({
      scenario: { userData: new Uint8Array(900_000) },
    });
    using folder = temporaryFolder();
    // the reader opens the pipe and never reads; the shell writes its pid and then execs ec2nic
    const script = `mkfifo p; sleep 20 <p & echo $! >reader; exec >p; echo $$ >pid; exec "$@"`;
    const run = startEc2nic({
      args: fetchArgs(simulator.url, ["user-data"]),
      around: ["sh", "-c", script, "sh"],
      cwd: folder.path,
    });
    while (simulator.count("GET */user-data") === 0) await Bun.sleep(5);
    await Bun.sleep(150); // until the pipe is full
    const pid = Number(readFileSync(join(folder.path, "pid"), "utf8"));
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toStartWith(binary);
    process.kill(pid, signal);
    const timeout = Bun.sleep(2000).then(() => "still running");
    expect(await Promise.race([run.exited, timeout])).toBe(status);
    process.kill(Number(readFileSync(join(folder.path, "reader"), "utf8")));
  });
}

// the file is written completely and then renamed: it is never partial
test("SIGTERM at any moment of --output leaves the old file or the complete new one", async () => {
  await using simulator = await startSimulator({ scenario: { userData: "new".repeat(100_000) } });
  using folder = temporaryFolder();
  const file = join(folder.path, "data");
  writeFileSync(file, "old");
  const seen = new Set<string>();
  // on a busy machine a run takes longer
  for (let delayMs = 4; delayMs <= 34 || (!seen.has("new") && delayMs < 3000); delayMs += 1) {
    const args = fetchArgs(simulator.url, ["user-data", "--output", file]);
    const { kill, result } = startEc2nic({ args });
    await Bun.sleep(delayMs <= 34 ? delayMs : (delayMs - 30) ** 2);
    kill("SIGTERM");
    await result;
    const content = readFileSync(file, "utf8");
    expect(["old", "new".repeat(100_000)]).toContain(content);
    expect(readdirSync(folder.path)).toEqual(["data"]);
    seen.add(content.slice(0, 3));
    writeFileSync(file, "old");
  }
  expect([...seen].toSorted()).toEqual(["new", "old"]);
});

const slowDisk = [
  "strace",
  "-f",
  "-qq",
  "-e",
  "trace=fsync",
  "-e",
  "inject=fsync:delay_enter=400000",
];

testUnless(missingRoot() ?? failingCommand(...slowDisk, "-o", "/dev/null", "true"))(
  "SIGTERM during fsync exits with 143 and no temporary file, or with 0 and the file",
  async () => {
    using folder = temporaryFolder();
    await using simulator = await startSimulator();
    const run = startEc2nic({
      args: fetchArgs(simulator.url, ["mac", "--output", "id"]),
      around: [...slowDisk, "-o", "trace", "sh", "-c", 'echo $$ >pid; exec "$@"', "sh"],
      cwd: folder.path,
    });
    const hasTemporaryFile = () => readdirSync(folder.path).some((name) => name.endsWith(".tmp"));
    while (!hasTemporaryFile()) await Bun.sleep(2);
    process.kill(Number(readFileSync(join(folder.path, "pid"), "utf8")), "SIGTERM");
    const { code } = await run.result;
    const left = readdirSync(folder.path).filter((name) => !["pid", "trace"].includes(name));
    expect([JSON.stringify([143, []]), JSON.stringify([0, ["id"]])]).toContain(
      JSON.stringify([code, left]),
    );
  },
);
