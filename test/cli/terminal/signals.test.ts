import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fetchArgs } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { binary, startEc2nic } from "../../kit/program/run-ec2nic.ts";
import { failingCommand, missingRoot, testUnless } from "../../kit/basics/skip.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";
import { atOnceMs, patient, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { until } from "../../kit/basics/until.ts";

setDefaultTimeout(testLimitMs);

const signals = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

/** What a run waits for, and how the test sees that. Without a signal each wait lasts a minute. */
interface Moment {
  readonly moment: string;
  readonly args: string[];
  readonly of: Scenario;
  /** A request that has been sent, and what has been printed. */
  readonly sent?: string;
  readonly printed?: string;
}

const moments: readonly Moment[] = [
  { moment: "it waits for a value", args: ["mac"], of: hangs("GET *"), sent: "GET *" },
  {
    moment: "it reads a whole tree",
    args: [],
    of: { faults: [{ match: "GET *", skip: 20, fault: { kind: "hang" } }] },
    sent: "GET */mac",
  },
  {
    moment: "it sleeps between two tries",
    args: ["mac", "-v"],
    of: { faults: [{ fault: { kind: "status", status: 503, headers: { "Retry-After": "50" } } }] },
    printed: "trying again in ",
  },
];

function hangs(match: string): Scenario {
  return { faults: [{ match, fault: { kind: "hang" } }] };
}

async function interrupt(
  { of, args, sent = "*", printed = "" }: Omit<Moment, "moment">,
  signal: NodeJS.Signals,
) {
  await using simulator = await startSimulator({ scenario: of });
  const run = startEc2nic({ args: fetchArgs(simulator.url, args), env: patient });
  const isReached = () => simulator.count(sent) > 0 && run.output().includes(printed);
  await until("the run waits", isReached);
  const sentMs = performance.now();
  run.kill(signal);
  return { ...(await run.result), tookMs: performance.now() - sentMs };
}

for (const [signal, status] of signals) {
  for (const { moment, ...of } of moments) {
    test.concurrent(`${signal} while ${moment} ends fetch at once with ${status}`, async () => {
      const { code, text, stderr, tookMs } = await interrupt(of, signal);
      expect({ code, text }).toEqual({ code: status, text: "" });
      if (of.args.includes("-v")) expect(stderr).toEndWith(`ec2nic: ended by ${signal}\n`);
      else expect(stderr).toBe(`ec2nic: ended by ${signal}\n`);
      expect(tookMs).toBeLessThan(atOnceMs);
    });
  }

  test.concurrent(`${signal} with --format env prints (exit ${status})`, async () => {
    const args = ["mac", "--format", "env"];
    const { code, text } = await interrupt({ of: hangs("GET *"), args, sent: "GET *" }, signal);
    expect({ code, text }).toEqual({ code: status, text: `(exit ${status})\n` });
  });

  test.concurrent(
    `${signal} with --output keeps the old file and leaves no temporary file`,
    async () => {
      using folder = temporaryFolder();
      const file = join(folder.path, "id");
      writeFileSync(file, "old");
      const args = ["mac", "--output", file];
      expect((await interrupt({ of: hangs("GET *"), args, sent: "GET *" }, signal)).code).toBe(
        status,
      );
      expect(readFileSync(file, "utf8")).toBe("old");
      expect(readdirSync(folder.path)).toEqual(["id"]);
    },
  );

  test.concurrent(
    `${signal} while fetch writes to a full pipe ends it with ${status}`,
    async () => {
      await using simulator = await startSimulator({
        scenario: { userData: new Uint8Array(900_000) },
      });
      using folder = temporaryFolder();
      // the reader reads one byte, and then no more; the shell writes its pid and then execs ec2nic
      const reader = "dd bs=1 count=1 of=byte; exec sleep 100";
      const script = `mkfifo p; sh -c '${reader}' <p 2>/dev/null & echo $! >reader; exec >p; echo $$ >pid; exec "$@"`;
      const run = startEc2nic({
        args: fetchArgs(simulator.url, ["user-data"]),
        around: ["sh", "-c", script, "sh"],
        cwd: folder.path,
      });
      // 900 kB do not fit into a pipe: the write does not end
      const byte = join(folder.path, "byte");
      await until("the run writes", () => existsSync(byte) && statSync(byte).size === 1);
      const pid = Number(readFileSync(join(folder.path, "pid"), "utf8"));
      expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toStartWith(binary);
      process.kill(pid, signal);
      const timeout = Bun.sleep(atOnceMs).then(() => "still running");
      expect(await Promise.race([run.exited, timeout])).toBe(status);
      process.kill(Number(readFileSync(join(folder.path, "reader"), "utf8")));
    },
  );
}

// the file is written completely and then renamed: it is never partial
test("SIGTERM at any moment of --output leaves the old file or the complete new one", async () => {
  await using simulator = await startSimulator({ scenario: { userData: "new".repeat(100_000) } });
  using folder = temporaryFolder();
  const file = join(folder.path, "data");
  writeFileSync(file, "old");
  const seen = new Set<string>();
  // the delays grow until a run ends before its signal
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
  "inject=fsync:delay_enter=3000000",
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
    await until("there is a temporary file", hasTemporaryFile);
    process.kill(Number(readFileSync(join(folder.path, "pid"), "utf8")), "SIGTERM");
    const { code } = await run.result;
    const left = readdirSync(folder.path).filter((name) => !["pid", "trace"].includes(name));
    expect([JSON.stringify([143, []]), JSON.stringify([0, ["id"]])]).toContain(
      JSON.stringify([code, left]),
    );
  },
);
