import { join } from "node:path";
import { type TestInstance, startInstance } from "../vpc/instance.ts";
import { until } from "../../basics/until.ts";
import { defaultLimitMs, sandboxEnvironment } from "../command.ts";
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
  /** Takes leases on NICs and asks IMDS through each; `ending`: a signal that ends it earlier. */
  readonly takeLeases: (nics: readonly string[], ending?: Ending) => Promise<LeaseDriverRun>;
  /** Runs ec2nic, where that is the binary of the machine. */
  readonly ec2nic: (args: readonly string[], ending?: Ending) => Promise<DriverRun>;
  /** The lines by which the state of the machine differs from its first state. */
  readonly changes: () => Promise<readonly string[]>;
}

/**
 * A signal that ends a run: after a time, at a moment that does not matter, or when the state of the
 * machine or the messages of the run so far are as expected.
 */
export interface Ending {
  readonly signal: "INT" | "TERM" | "KILL";
  readonly when: number | ((stderr: string) => boolean | Promise<boolean>);
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

/** `hasUnanswered`: whether one NIC leads to no DHCP server, so that a lease of it takes all of the time. */
export async function startDhcpMachine(
  client: Client,
  suite: Suite,
  binary: string,
  hasUnanswered = true,
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
    const links = Object.values(nics).filter((nic) => hasUnanswered || nic !== nics.unanswered);
    return await createDhcpMachine(instance, client, links);
  } catch (error) {
    await instance.stop();
    throw error;
  }
}

async function createDhcpMachine(
  instance: TestInstance,
  client: Client,
  links: readonly string[],
): Promise<DhcpMachine> {
  const { machine } = instance;
  const installed = client === "udhcpc" ? ["udhcpc", "busybox"] : [client];
  const others = clients.filter((each) => !installed.includes(each));
  await machine.remove(...others.flatMap((each) => programs[each]));
  if (links.includes(nics.unanswered)) {
    const peer = ["peer", "name", "unanswered", "netns", "1"];
    await machine.run(["ip", "link", "add", nics.unanswered, "type", "veth", ...peer]);
    await machine.run(["ip", "link", "set", "unanswered", "up"]);
  }
  // a link that was never up has another state than one that is down again (`qdisc noop`)
  for (const nic of links) await machine.run(["ip", "link", "set", nic, "up"]);
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
      // only a NIC without a DHCP server needs all of the time
      const timeoutMs = names.includes(nics.unanswered) && ending === undefined ? 12_000 : 60_000;
      const ran = await runUntil(machine, ["--timeout", String(timeoutMs), ...names], ending);
      const leases =
        ran.stdout.trim() === "" ? [] : (JSON.parse(ran.stdout) as readonly LeaseResult[]);
      return { ...ran, leases };
    },
    ec2nic: (args, ending) => runUntil(machine, args, ending),
    changes: async () => stateChanges(before, await machineState(machine)),
    [Symbol.asyncDispose]: instance.stop,
  };
}

async function runUntil(
  machine: Machine,
  args: readonly string[],
  ending: Ending | undefined,
): Promise<DriverRun> {
  const startMs = performance.now();
  const argv = ["sh", "-c", 'echo $$; exec "$@"', "sh", "ec2nic", ...args];
  const child = Bun.spawn([...machine.enter(argv)], {
    env: sandboxEnvironment,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: defaultLimitMs,
    killSignal: "SIGKILL",
  });
  const texts = { stdout: "", stderr: "" };
  const read = async (name: "stdout" | "stderr"): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of child[name]) texts[name] += decoder.decode(chunk, { stream: true });
  };
  const readAll = Promise.all([read("stdout"), read("stderr")]);
  await until("the run has begun", () => child.exitCode !== null || texts.stdout.includes("\n"));
  const [pid = ""] = texts.stdout.split("\n");
  if (ending !== undefined) {
    const { signal, when } = ending;
    const isTime = (): boolean | Promise<boolean> =>
      child.exitCode !== null || typeof when === "number" || when(texts.stderr);
    if (typeof when === "number") await Bun.sleep(when);
    await until(`the moment of SIG${signal}`, isTime);
    await machine.exec(["kill", "-s", signal, pid]); // it may have ended
  }
  await Promise.all([child.exited, readAll]);
  const elapsedMs = performance.now() - startMs;
  const { stdout, stderr } = texts;
  // a signal can arrive before the program has a handler
  const signal = child.signalCode === "SIGINT" ? 2 : child.signalCode === "SIGTERM" ? 15 : 9;
  const code = child.exitCode ?? 128 + signal;
  return { code, stdout: stdout.slice(pid.length + 1), stderr, elapsedMs };
}
