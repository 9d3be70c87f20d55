import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { endProcess } from "../../../src/host/end-process.ts";

function startTimeOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.replace(/^.*\) /s, "").split(" ")[19] ?? "";
}

test("a process is ended, and gone when it returns", async () => {
  const child = Bun.spawn(["sleep", "60"]);
  await endProcess(child.pid, startTimeOf(child.pid));
  await child.exited;
  expect(child.signalCode).toBe("SIGTERM");
});

test("one that does not obey is ended all the same", async () => {
  const child = Bun.spawn(["sh", "-c", "trap '' TERM; echo ready; exec sleep 60"], {
    stdout: "pipe",
  });
  await child.stdout.getReader().read();
  await endProcess(child.pid, startTimeOf(child.pid));
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
});

test("another process with the same number is left alone", async () => {
  const child = Bun.spawn(["sleep", "60"]);
  const other = String(Number(startTimeOf(child.pid)) - 1);
  await endProcess(child.pid, other);
  expect(child.exitCode).toBeNull();
  process.kill(child.pid, 0);
  child.kill();
  await child.exited;
});

test("one that is gone is no trouble", async () => {
  const child = Bun.spawn(["true"]);
  await child.exited;
  await endProcess(child.pid, "1");
});
