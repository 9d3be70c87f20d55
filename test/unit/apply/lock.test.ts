import { expect, test } from "bun:test";
import { join } from "node:path";
import { withMachineLock } from "../../../src/apply/lock.ts";
import { takeLock } from "../../../src/host/lock.ts";
import { fakeLog } from "../../kit/host/fake-host.ts";
import { fakeMachine } from "../../kit/host/fake-machine.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

test("withMachineLock runs the work under the lock and releases it, also after a failure", async () => {
  const events: string[] = [];
  const machine = {
    ...fakeMachine(),
    takeLock: async () => (events.push("taken"), () => void events.push("released")),
  };
  await withMachineLock(machine, 1000, async () => {
    events.push(`work of ${machine.files.textAt("/run/ec2nic/holder")}`);
  });
  const failing = withMachineLock(machine, 1000, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect(events).toEqual(["taken", "work of 4711\n", "released", "taken", "released"]);
  expect(machine.files.there.has("/run/ec2nic/holder")).toBe(false);
});

const busyDisk = {
  "/run/ec2nic/holder": "4712\n",
  "/proc/4712/cmdline": "ec2nic\0hotplug\0add\0",
};

test("a run that waits names the holder of the lock once, and continues when the lock is free", async () => {
  let busy = 5;
  const machine = fakeMachine({ disk: busyDisk });
  const log = fakeLog();
  const takeLock = async () => ((busy -= 1) > 0 ? null : () => undefined);
  const waiting = { ...machine, log, takeLock };
  expect(await withMachineLock(waiting, 10_000, async () => "done")).toBe("done");
  expect(log.lines).toEqual([
    "info: waiting for another ec2nic process: ec2nic hotplug add (process 4712)",
  ]);
  // the status line is shown, and then erased
  expect(log.waits.map((wait) => wait?.reason ?? null)).toEqual([
    ...Array.from({ length: 4 }, () => "ec2nic hotplug add (process 4712)"),
    null,
  ]);
});

test("a run ends with TEMPFAIL and names the holder where the lock is not free before the deadline", async () => {
  const machine = { ...fakeMachine({ disk: busyDisk }), takeLock: async () => null };
  await expect(withMachineLock(machine, 500, async () => "never")).rejects.toMatchObject({
    kind: "TEMPFAIL",
    message: expect.stringContaining("ec2nic hotplug add (process 4712)"),
  });
});

test("the kernel's lock has one holder, and is free again when the holder is killed", async () => {
  using temporary = temporaryFolder();
  const folder = temporary.path;
  const path = join(folder, "lock");
  const module = join(import.meta.dir, "../../../src/host/lock.ts");
  const script = `
      const { takeLock } = await import(${JSON.stringify(module)});
      console.log(takeLock(${JSON.stringify(path)}) === null ? "busy" : "mine");
      await Bun.stdin.text();`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdin: "pipe", stdout: "pipe" });
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("mine\n");
  expect(takeLock(path)).toBeNull();
  child.kill("SIGKILL");
  await child.exited;
  const release = takeLock(path);
  expect(release).not.toBeNull();
  release?.();
  expect(takeLock(path)).not.toBeNull();
});
