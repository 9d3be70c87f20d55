import { join } from "node:path";
import { type TestInstance, startInstance } from "../vpc/instance.ts";
import type { Machine } from "../machine.ts";
import type { Suite } from "../root-file-system.ts";
import { repository } from "../../program/run-ec2nic.ts";
import { machineState, stateChanges } from "./lease-traces.ts";
import type { LeaseResult } from "./lease-driver.ts";

/** The DHCP clients of Debian; `busybox` is udhcpc without a name of its own. */
export const clients = ["udhcpc", "busybox", "dhclient", "dhcpcd", "networkd"] as const;
export type Client = (typeof clients)[number];

export const clientPackages = ["busybox", "dhcpcd-base", "isc-dhcp-client", "udhcpc"] as const;

/** The paths of each client in both suites; udhcpc is a link to busybox. */
const programs: Readonly<Record<Client, readonly string[]>> = {
  udhcpc: ["/usr/bin/udhcpc", "/usr/sbin/udhcpc", "/sbin/udhcpc"],
  busybox: ["/usr/bin/busybox", "/bin/busybox"],
  dhclient: ["/usr/sbin/dhclient", "/sbin/dhclient"],
  dhcpcd: ["/usr/sbin/dhcpcd", "/sbin/dhcpcd"],
  networkd: [],
};

/** The NICs of the machine: `ens5` has an address, `ens6` is up without one, `ens7` is down. */
export const nics = { configured: "ens5", up: "ens6", down: "ens7", unanswered: "ens99" } as const;

/** A machine of a VPC that has one DHCP client. */
export interface DhcpMachine extends AsyncDisposable {
  readonly machine: Machine;
  /** Takes leases on NICs and asks IMDS through each; `signal` ends it after `afterMs`. */
  readonly takeLeases: (nics: readonly string[], ending?: SignalAfter) => Promise<LeaseDriverRun>;
  /** Runs ec2nic, where that is the binary of the machine. */
  readonly ec2nic: (args: readonly string[], ending?: SignalAfter) => Promise<DriverRun>;
  /** The lines by which the state of the machine differs from its first state. */
  readonly changes: () => Promise<readonly string[]>;
}

/** A signal that ends a run after this time. */
export interface SignalAfter {
  readonly signal: "INT" | "TERM" | "KILL";
  readonly afterMs: number;
}

export interface DriverRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

export interface LeaseDriverRun extends DriverRun {
  /** Empty where the run was ended before it printed. */
  readonly leases: readonly LeaseResult[];
}

/** Compiles the lease driver, as the binary of a machine, which has neither Bun nor the sources. */
export function buildDriver(folder: string): string {
  const target = join(folder, "driver");
  const source = join(repository, "test/kit/machine/dhcp/lease-driver.ts");
  const flags = ["--compile", `--compile-executable-path=${process.execPath}`];
  const argv = [process.execPath, "build", ...flags, source, `--outfile=${target}`];
  const { exitCode, stderr } = Bun.spawnSync(argv, { stdout: "ignore", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`the driver was not built: ${stderr.toString()}`);
  return target;
}

export async function startDhcpMachine(
  client: Client | "none",
  suite: Suite,
  binary: string,
): Promise<DhcpMachine> {
  const instance = await startInstance({
    suite,
    binary,
    packages: clientPackages,
    disable: ["dhcpcd.service"],
    enable: client === "networkd" ? ["systemd-networkd.service"] : [],
    enis: [0, 1, 2].map((device) => ({ device, ipv4: [`10.0.${device}.10`] })),
  });
  try {
    return await createDhcpMachine(instance, client);
  } catch (error) {
    await instance.stop();
    throw error;
  }
}

async function createDhcpMachine(
  instance: TestInstance,
  client: Client | "none",
): Promise<DhcpMachine> {
  const { machine } = instance;
  const installed = client === "udhcpc" ? ["udhcpc", "busybox"] : [client];
  const others = clients.filter((each) => !installed.includes(each));
  await machine.remove(...others.flatMap((each) => programs[each]));
  const peer = ["peer", "name", "unanswered", "netns", "1"];
  await machine.run(["ip", "link", "add", nics.unanswered, "type", "veth", ...peer]);
  await machine.run(["ip", "link", "set", "unanswered", "up"]);
  // a link that was never up has another state than one that is down again (`qdisc noop`)
  for (const nic of Object.values(nics)) await machine.run(["ip", "link", "set", nic, "up"]);
  await machine.run(["ip", "link", "set", nics.down, "down"]);
  const address = ["10.0.0.10/24", "dev", nics.configured];
  await machine.run(["ip", "address", "add", ...address]);
  await machine.until("addresses are in place", async () => {
    const shown = await machine.run(["ip", "-6", "address"]);
    return !shown.includes("tentative");
  });
  const before = await machineState(machine);
  return {
    machine,
    takeLeases: async (names, ending) => {
      const ran = await runUnlessEnded(machine, ["--timeout", "4000", ...names], ending);
      const leases =
        ran.stdout.trim() === "" ? [] : (JSON.parse(ran.stdout) as readonly LeaseResult[]);
      return { ...ran, leases };
    },
    ec2nic: (args, ending) => runUnlessEnded(machine, args, ending),
    changes: async () => stateChanges(before, await machineState(machine)),
    [Symbol.asyncDispose]: instance.stop,
  };
}

async function runUnlessEnded(
  machine: Machine,
  args: readonly string[],
  ending: SignalAfter | undefined,
): Promise<DriverRun> {
  const startMs = performance.now();
  const ended = ["timeout", "--foreground", "--preserve-status"];
  const around =
    ending === undefined
      ? []
      : [...ended, `--signal=${ending.signal}`, String(ending.afterMs / 1000)];
  const { code, stdout, stderr } = await machine.exec([...around, "ec2nic", ...args]);
  return { code, stdout, stderr, elapsedMs: performance.now() - startMs };
}
