import { describe, expect } from "bun:test";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { startSandbox } from "../../kit/machine/sandbox.ts";
import { firstLine } from "../../kit/basics/first-line.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { startMachine } from "../../kit/machine/machine.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { holdNamespaces } from "../../kit/machine/namespaces.ts";
import { until } from "../../kit/basics/until.ts";
import { processesIn, readLeftovers } from "../../kit/machine/checks/sandbox-leftovers.ts";

const testMachine = machineTest();

describe("a sandbox that has ended", () => {
  testMachine("leaves nothing behind after two machines in sequence", async () => {
    const before = await readLeftovers();
    for (const device of [0, 1]) {
      const instance = await startInstance({ enis: [{ device }] });
      expect(await readLeftovers()).not.toEqual(before);
      const networks = [instance.sandbox.pid, instance.machine.pid].map((pid) =>
        readlinkSync(`/proc/${pid}/ns/net`),
      );
      expect(networks.map((each) => processesIn(each).length > 0)).toEqual([true, true]);
      await instance.stop();
      expect(networks.flatMap(processesIn)).toEqual([]);
      expect(await readLeftovers()).toEqual(before);
    }
  });

  testMachine("leaves nothing behind where the test was killed", async () => {
    const program = `
      import { startInstance } from "${join(import.meta.dir, "../../kit/machine/vpc/instance.ts")}";
      const instance = await startInstance({ enis: [{ device: 0 }] });
      instance.machine.exec(["sleep", "1000"], { timeoutMs: 1_000_000 });
      console.log("up");
      await Bun.sleep(1_000_000);
    `;
    const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
    expect(await firstLine(child.stdout, "the test")).toBe("up");
    const during = await readLeftovers(child.pid);
    expect(during).toMatchObject({ cgroups: [expect.any(String)], folders: [expect.any(String)] });
    child.kill("SIGKILL");
    await child.exited;
    const look = async (): Promise<boolean> => {
      const nothing = { mounts: [], cgroups: [], folders: [], processes: [] };
      expect(await readLeftovers(child.pid)).toEqual({ ...during, ...nothing });
      return true;
    };
    expect(await until("nothing is left", look)).toBe(true);
  });
});

describe("the machine that runs the tests is protected", () => {
  testMachine("its namespaces are refused, for its own and for another process number", () => {
    const kinds = ["mnt", "net", "pid"] as const;
    expect(() => holdNamespaces(process.pid, kinds, null)).toThrow("own mnt namespace: refused");
    expect(() => holdNamespaces(1, kinds, null)).toThrow("no process of the sandbox");
    return Promise.resolve();
  });

  // A process number from another process namespace once made commands run on this machine.
  testMachine("a process outside of the machine's control group is refused", async () => {
    await using sandbox = await startSandbox();
    const hold = (): unknown => holdNamespaces(sandbox.pid, ["mnt"], "/ec2nic-sandbox-0/machine-1");
    expect(hold).toThrow("is not in /ec2nic-sandbox-0/machine-1: refused");
  });

  testMachine("no command runs without the machine's mark, or after its end", async () => {
    await using sandbox = await startSandbox();
    const machine = await startMachine(sandbox);
    await machine.run(["rm", "/.ec2nic-machine"]);
    expect(await machine.exec(["true"])).toMatchObject({ code: 125 });
    await machine.stop();
    expect(() => machine.enter(["true"])).toThrow("namespace is gone");
  });

  testMachine("systemd starts only after the check that / is an overlay", async () => {
    const { bootScript } = await import("../../kit/machine/boot-script.ts");
    const init = bootScript.indexOf("/sbin/init");
    for (const check of ["= overlayfs ]", "= private ]", '"$$" = 1 ]', "read -r go"]) {
      expect(bootScript.lastIndexOf(check)).toBeGreaterThan(0);
      expect(bootScript.lastIndexOf(check)).toBeLessThan(init);
    }
  });
});

describe("a machine", () => {
  testMachine(
    "cannot change kernel.* or the clock, and has its own files and hostname",
    async () => {
      await using sandbox = await startSandbox();
      await using machine = await startMachine(sandbox, { hostname: "ip-10-0-0-77" });
      expect((await machine.exec(["sh", "-c", "echo 1 >/proc/sys/kernel/panic"])).code).not.toBe(0);
      expect(await machine.run(["cat", "/proc/1/status"])).toMatch(/CapBnd:\s+[0-9a-f]+/);
      expect((await machine.run(["uname", "-n"])).trim()).toBe("ip-10-0-0-77");
      await machine.write("/etc/ec2nic/unmanaged", "ens9\n", 0o600);
      expect(await machine.read("/etc/ec2nic/unmanaged")).toBe("ens9\n");
      expect(await machine.run(["stat", "-c", "%a", "/etc/ec2nic/unmanaged"])).toBe("600\n");
      expect(await machine.exec(["sleep", "9"], { timeoutMs: 200 })).toMatchObject({ code: 137 });
      expect(await machine.exec(["cat"], { stdin: "x" })).toMatchObject({ code: 0, stdout: "x" });
    },
  );
});
