import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { endProcess } from "../../../src/host/end-process.ts";

function startTimeOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.replace(/^.*\) /s, "").split(" ")[19] ?? "";
}

test("endProcess ends a process with SIGTERM", async () => {
  const child = Bun.spawn(["sleep", "60"]);
  await endProcess(child.pid, startTimeOf(child.pid));
  await child.exited;
  expect(child.signalCode).toBe("SIGTERM");
});

test("endProcess ends a process that ignores SIGTERM with SIGKILL", async () => {
  const child = Bun.spawn(["sh", "-c", "trap '' TERM; echo ready; exec sleep 60"], {
    stdout: "pipe",
  });
  await child.stdout.getReader().read();
  await endProcess(child.pid, startTimeOf(child.pid));
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
});

test("endProcess does not end a process with another start time", async () => {
  const child = Bun.spawn(["sleep", "60"]);
  const other = String(Number(startTimeOf(child.pid)) - 1);
  await endProcess(child.pid, other);
  expect(child.exitCode).toBeNull();
  process.kill(child.pid, 0);
  child.kill();
  await child.exited;
});

test("endProcess ignores a process that has ended", async () => {
  const child = Bun.spawn(["true"]);
  await child.exited;
  await endProcess(child.pid, "1");
});
