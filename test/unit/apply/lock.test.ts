import { expect, test } from "bun:test";
import { join } from "node:path";
import { withMachineLock } from "../../../src/apply/lock.ts";
import { takeLock } from "../../../src/host/lock.ts";
import { fakeMachine } from "../../kit/host/fake-machine.ts";
import { withFolder } from "../../kit/files/golden-case.ts";

test("work is done under the lock, which is given back, after a failure too", async () => {
  const events: string[] = [];
  const machine = {
    ...fakeMachine(),
    takeLock: async () => (events.push("taken"), () => void events.push("given back")),
  };
  await withMachineLock(machine, 1000, async () => void events.push("work"));
  const failing = withMachineLock(machine, 1000, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect(events).toEqual(["taken", "work", "given back", "taken", "given back"]);
  expect(machine.disk.has("/run/ec2nic/holder")).toBe(false);
});

const busyDisk = {
  "/run/ec2nic/holder": "4712\n",
  "/proc/4712/cmdline": "ec2nic\0hotplug\0add\0",
};

test("a run that waits says for whom, once, and goes on when it is its turn", async () => {
  let busy = 5;
  const machine = fakeMachine({ disk: busyDisk });
  const waiting = { ...machine, takeLock: async () => ((busy -= 1) > 0 ? null : () => undefined) };
  expect(await withMachineLock(waiting, 10_000, async () => "done")).toBe("done");
  expect(machine.logged).toEqual([
    "info waiting for another run: ec2nic hotplug add (process 4712)",
  ]);
});

test("not free before the deadline: 75, and who has it", async () => {
  const machine = { ...fakeMachine({ disk: busyDisk }), takeLock: async () => null };
  await expect(withMachineLock(machine, 500, async () => "never")).rejects.toMatchObject({
    kind: "TEMPFAIL",
    message: expect.stringContaining("ec2nic hotplug add (process 4712)"),
  });
});

test("the kernel's lock: one at a time, free again when its holder is killed", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lock");
    const module = join(import.meta.dir, "../../../src/host/lock.ts");
    const script = `
      const { takeLock } = await import(${JSON.stringify(module)});
      console.log(takeLock(${JSON.stringify(path)}) === null ? "busy" : "mine");
      await Bun.sleep(20000);`;
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
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
});
