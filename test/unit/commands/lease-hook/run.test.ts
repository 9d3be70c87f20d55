import { describe, expect, test } from "bun:test";
import { runLeaseHook } from "../../../../src/commands/lease-hook/run.ts";
import { fakeMachine } from "../../../kit/host/fake-machine.ts";
import { hotplugMachine } from "../../../kit/propagation/hotplug-machine.ts";

const options = { dryRun: false, json: true, plain: false };
const folder = "/run/systemd/netif/leases";
const disk = { "/sys/class/net/ens6/ifindex": "3\n" };
const emptyIpOutput = (argv: string) => (argv.startsWith("ip ") ? { stdout: "[]" } : 0);

/** A machine with the files of `disk`, one link and this environment. */
function machineWith(env: Readonly<Record<string, string>>) {
  const machine = fakeMachine({ disk, exec: emptyIpOutput });
  const list = async (path: string) => (path === "/sys/class/net" ? ["ens6"] : []);
  return { ...machine, env, files: { ...machine.files, list } };
}

// systemd's path_enter_running: a path unit ignores changes while the service that it started runs.
test("runLeaseHook reads networkd's leases again until two reads are equal", async () => {
  const machine = machineWith({ EC2NIC_DHCP_CLIENT: "networkd" });
  const printed: string[] = [];
  let reads = 0;
  const read = async (path: string) => {
    if (path !== `${folder}/3`) return machine.files.read(path);
    reads += 1;
    const address = reads === 1 ? "10.0.1.10" : "10.0.1.11";
    const lease = `ADDRESS=${address}\nNETMASK=255.255.255.0\nROUTER=10.0.1.1\n`;
    return new TextEncoder().encode(lease);
  };
  const print = async (data: string | Uint8Array) => void printed.push(String(data));
  const host = { ...machine, print, files: { ...machine.files, read } };
  expect(await runLeaseHook(host, options)).toBe(0);
  // the second read differs from the first, and the third equals it
  expect(reads).toBe(3);
  expect(JSON.parse(printed.join(""))).toMatchObject({ command: "hotplug", plan: { steps: [] } });
});

test("runLeaseHook takes no lock and writes nothing for an event that changes nothing", async () => {
  const machine = machineWith({ EC2NIC_DHCP_CLIENT: "dhclient", reason: "PREINIT" });
  const takeLock = () => Promise.reject(new Error("the lock was taken"));
  expect(await runLeaseHook({ ...machine, takeLock }, { ...options, json: false })).toBe(0);
  expect(machine.done.filter((effect) => !effect.startsWith("run ip -N -json"))).toEqual([]);
});

test("runLeaseHook throws DATAERR for an invalid lease, and does nothing", async () => {
  const bound = { EC2NIC_DHCP_CLIENT: "dhclient", reason: "BOUND", interface: "ens6" };
  const machine = machineWith({ ...bound, new_ip_address: "10.0.1.999" });
  await expect(runLeaseHook(machine, options)).rejects.toMatchObject({ kind: "DATAERR" });
  expect(machine.done).toEqual([]);
});

describe("a lease for which rules are added", () => {
  const lease = { new_ip_address: "10.0.1.10", new_subnet_mask: "255.255.255.0" };
  const event = { EC2NIC_DHCP_CLIENT: "dhclient", reason: "BOUND", interface: "ens6" };
  const env = { ...event, ...lease, new_routers: "10.0.1.1" };

  /** Runs the hook on a machine where the first attempts to add a route fail. */
  const runHook = async (failures: number, ...flags: readonly string[]) => {
    const machine = hotplugMachine({ env });
    let attempts = 0;
    const exec = async (argv: readonly string[]) => {
      if (argv.includes("-json")) return { code: 0, isStarted: true, stdout: "[]", stderr: "" };
      attempts += 1;
      return { code: attempts <= failures ? 2 : 0, isStarted: true, stdout: "", stderr: "" };
    };
    const { code, text } = await machine.runAs({ exec }, "--from-dhcp", "--json", ...flags);
    return { code, outcome: JSON.parse(text).nics[0].outcome, hasRun: attempts > 0 };
  };

  test("no command runs in a dry run", async () => {
    const planned = { code: 0, outcome: "configured", hasRun: false };
    expect(await runHook(0, "--dry-run")).toEqual(planned);
  });

  test("commands run again after a failure, because networkd may have changed the same", async () => {
    expect(await runHook(1)).toEqual({ code: 0, outcome: "configured", hasRun: true });
    expect(await runHook(Infinity)).toEqual({ code: 71, outcome: "failed", hasRun: true });
  });
});
