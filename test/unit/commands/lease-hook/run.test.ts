import { expect, test } from "bun:test";
import { runLeaseHook } from "../../../../src/commands/lease-hook/run.ts";
import { fakeMachine } from "../../../kit/host/fake-machine.ts";

const wish = { dryRun: false, json: true, plain: false };
const folder = "/run/systemd/netif/leases";
const disk = { "/sys/class/net/ens6/ifindex": "3\n" };
const nothingThere = (argv: string) => (argv.startsWith("ip ") ? { stdout: "[]" } : 0);

/** A machine whose files are `disk`, and `lists` what its folders of sysfs hold. */
function machineWith(env: Readonly<Record<string, string>>) {
  const machine = fakeMachine({ disk, exec: nothingThere });
  const list = async (path: string) => (path === "/sys/class/net" ? ["ens6"] : []);
  return { ...machine, env, files: { ...machine.files, list } };
}

// systemd's path_enter_running: a path unit looks away while what it started runs
test("networkd's leases are read again until they stay as they are", async () => {
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
  expect(await runLeaseHook(host, wish)).toBe(0);
  // the second is another one, the third the same
  expect(reads).toBe(3);
  expect(JSON.parse(printed.join(""))).toMatchObject({ command: "hotplug", plan: { steps: [] } });
});

test("what changes nothing takes no lock and writes nothing", async () => {
  const machine = machineWith({ EC2NIC_DHCP_CLIENT: "dhclient", reason: "PREINIT" });
  const takeLock = () => Promise.reject(new Error("the lock was taken"));
  expect(await runLeaseHook({ ...machine, takeLock }, { ...wish, json: false })).toBe(0);
  expect(machine.done.filter((effect) => !effect.startsWith("run ip -N -json"))).toEqual([]);
});

test("65: a lease whose values are none; nothing is read or done then", async () => {
  const bound = { EC2NIC_DHCP_CLIENT: "dhclient", reason: "BOUND", interface: "ens6" };
  const machine = machineWith({ ...bound, new_ip_address: "10.0.1.999" });
  await expect(runLeaseHook(machine, wish)).rejects.toMatchObject({ kind: "DATAERR" });
  expect(machine.done).toEqual([]);
});
