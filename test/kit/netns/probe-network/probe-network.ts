import { repository, type Running, startEc2nic } from "../../program/run-ec2nic.ts";
import { holdNamespace } from "../held-namespace.ts";
import type { ProbeResult } from "./probe-result.ts";

/** An instance in its own namespaces: two NICs or more, with IMDS behind each. */
export interface ProbeNetwork extends AsyncDisposable {
  /** Runs a shell script on the instance. Throws with its stderr where it fails. */
  readonly run: (script: string) => Promise<string>;
  /** The same in the network of the VPC, where the simulator runs. */
  readonly far: (script: string) => Promise<string>;
  /** `ec2nic probe-nics --json` with more arguments. */
  readonly probe: (...args: readonly string[]) => Promise<ProbeResult>;
  /** Runs ec2nic, or a command that runs it (`around`). */
  readonly ec2nic: (args: readonly string[], options?: ProbeRun) => Promise<ProbeRunResult>;
  readonly start: (args: readonly string[], options?: ProbeRun) => Running;
  /** Sends an order to the simulator: `fault`, `clear-faults`. */
  readonly order: (what: string, body?: object) => Promise<void>;
  /** Puts a shell script on the PATH of the instance, in place of a program. */
  readonly standIn: (name: string, script: string) => Promise<void>;
}

export interface ProbeRun {
  readonly env?: Readonly<Record<string, string>>;
  readonly around?: readonly string[];
}

export interface ProbeRunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

const path = "/run/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * `await using network = await probeNetwork()`. The NICs are `ens5`, `ens6`, … with `10.0.N.10/24` and
 * `2001:db8:N::10/64`, without a firewall and without routes beyond the subnets.
 */
export async function probeNetwork(nics: readonly number[] = [5, 6]): Promise<ProbeNetwork> {
  await using stack = new AsyncDisposableStack();
  const vpc = stack.use(await holdNamespace());
  const instance = stack.use(await holdNamespace(ownMounts));
  const run = instance.shell;
  const far = vpc.shell;
  await far("sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0");
  await far("ip link set lo up; ip addr add 169.254.169.254 dev lo");
  await far("ip -6 addr add fd00:ec2::254 dev lo nodad");
  await run(`mkdir -p /run/bin; ip link set lo up; sysctl -qw ${sysctlSettings}`);
  for (const nic of nics) {
    await run(nicCommands(nic, vpc.pid));
    await far(peerCommands(nic));
  }
  const simulator = await startSimulator(vpc.argv);
  stack.defer(simulator.stop);
  const env = { PATH: path, FAR: String(vpc.pid) };
  const start: ProbeNetwork["start"] = (args, { around = [], env: more = {} } = {}) =>
    startEc2nic({
      args,
      env: { ...env, ...more },
      namespace: true,
      around: [...instance.argv, ...around],
    });
  const ec2nic: ProbeNetwork["ec2nic"] = async (args, options) => {
    const { code, text, stderr, elapsedMs } = await start(args, options).result;
    return { code, stdout: text, stderr, elapsedMs };
  };
  const owned = stack.move();
  return {
    run: (script) => run(`PATH=${path} FAR=${vpc.pid}; export PATH FAR; ${script}`),
    far,
    ec2nic,
    start,
    probe: async (...args) => {
      const { code, stdout, stderr } = await ec2nic(["probe-nics", "--json", ...args]);
      return { ...JSON.parse(stdout), code, stderr };
    },
    order: async (what, body = {}) => {
      const url = `http://127.0.0.1/_simulator/${what}`;
      await far(`curl -sf -m 60 --noproxy '*' -d '${JSON.stringify(body)}' ${url}`);
    },
    standIn: async (name, script) => {
      const file = `/run/bin/${name}`;
      const put = Buffer.from(`#!/bin/sh\n${script}\n`).toString("base64");
      await run(`echo ${put} | base64 -d >${file}; chmod +x ${file}`);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A sysfs with the NICs of this namespace, and its own `/run`. */
const ownMounts = ["mount -t sysfs sysfs /sys", "mount -t tmpfs tmpfs /run"];

const sysctlSettings = [
  "net.ipv4.conf.all.rp_filter=0",
  "net.ipv4.conf.default.rp_filter=0",
  "net.ipv6.conf.default.accept_dad=0",
  "net.ipv6.conf.default.accept_ra=0",
].join(" ");

function nicCommands(nic: number, vpcPid: number): string {
  return [
    `ip link add ens${nic} type veth peer name far${nic} netns ${vpcPid}`,
    `ip addr add 10.0.${nic}.10/24 dev ens${nic}`,
    `ip link set ens${nic} up`,
    `ip -6 addr add 2001:db8:${nic}::10/64 dev ens${nic} nodad`,
  ].join("; ");
}

function peerCommands(nic: number): string {
  return [
    `ip link set far${nic} up`,
    `ip addr add 10.0.${nic}.1/24 dev far${nic}`,
    `ip -6 addr add 2001:db8:${nic}::1/64 dev far${nic} nodad`,
    `ip -6 addr add fe80:ec2::1/64 dev far${nic} nodad`,
  ].join("; ");
}

async function startSimulator(inVpc: readonly string[]) {
  const listen = ["169.254.169.254:80", "[fd00:ec2::254]:80", "127.0.0.1:80"];
  const script = `${repository}/scripts/simulator/main.ts`;
  const child = Bun.spawn(
    [...inVpc, process.execPath, script, "--ipv6", ...listen.flatMap((each) => ["--listen", each])],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let output = "";
  for await (const chunk of child.stdout) {
    output += new TextDecoder().decode(chunk);
    if (output.match(/listening/g)?.length === listen.length) break;
  }
  const stop = async () => {
    child.kill();
    await child.exited;
  };
  return { stop };
}
