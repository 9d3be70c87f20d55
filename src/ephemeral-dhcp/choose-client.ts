import type { DhcpClient, NetworkdClient } from "./clients.ts";
import type { Host } from "../host/host.ts";

/** Where programs lie; null: not on this machine. */
export interface ClientFacts {
  /** Of its own, or busybox's. */
  readonly udhcpc: readonly string[] | null;
  readonly dhclient: string | null;
  readonly dhcpcd: { readonly path: string; readonly version: string } | null;
  /** It runs for all NICs: one that is started would only hand its orders to it. */
  readonly isDhcpcdInCharge: boolean;
  /** Ends a program after a time. */
  readonly timeout: string | null;
  /** `true`, to be a client's script. */
  readonly noopScript: string | null;
  readonly isNetworkdActive: boolean;
  /** A setpriv that knows `--pdeathsig` (util-linux 2.33). */
  readonly setpriv: string | null;
}

interface ChosenClient {
  readonly client: DhcpClient | NetworkdClient | null;
  /** What was looked at, in order, and what came of it. */
  readonly trace: readonly string[];
}

/** `--noconfigure`. */
const minDhcpcdVersion = [9, 4] as const;

/**
 * The client to ask with: the one that leaves the least to clear away. udhcpc writes nothing and
 * ends by itself; dhclient has to be ended; dhcpcd writes a lease file.
 * Where there is none of them, networkd, which puts its address on for a moment. Where setpriv can do it, the
 * kernel ends the client at the moment at which this process ends, however that comes.
 */
export function chooseClient(facts: ClientFacts): ChosenClient {
  const { noopScript, setpriv } = facts;
  const candidates =
    noopScript === null
      ? []
      : [considerUdhcpc(facts), considerDhclient(facts), considerDhcpcd(facts)];
  const at = candidates.findIndex(({ program }) => program !== null);
  const found = candidates[at];
  const considered = at < 0 ? candidates : candidates.slice(0, at + 1);
  const trace = considered.map(({ name, reason }) => `${name}: ${reason}`);
  if (noopScript === null || found === undefined || found.program === null) {
    const missingTrace = noopScript === null ? ["true: not found, no client is harmless"] : trace;
    return chooseNetworkd(facts, missingTrace);
  }
  const { name, program, timeout = [] } = found;
  const parentDeathWrapper = setpriv === null ? [] : [setpriv, "--pdeathsig", "TERM", "--"];
  return { client: { name, program, timeout, parentDeathWrapper, noopScript }, trace };
}

function chooseNetworkd({ isNetworkdActive }: ClientFacts, trace: readonly string[]): ChosenClient {
  const reason = isNetworkdActive ? "asks, where it does not manage the NIC" : "not running";
  const client = isNetworkdActive ? ({ name: "networkd" } as const) : null;
  return { client, trace: [...trace, `networkd: ${reason}`] };
}

interface Candidate {
  readonly name: DhcpClient["name"];
  readonly program: readonly string[] | null;
  readonly timeout?: readonly string[];
  readonly reason: string;
}

const noTimeoutReason = "nothing would end it: timeout is not found";

function considerUdhcpc(facts: ClientFacts): Candidate {
  const name = "udhcpc";
  if (facts.udhcpc === null) return { name, program: null, reason: "not found" };
  return { name, program: facts.udhcpc, reason: `asks as ${facts.udhcpc.join(" ")}` };
}

function considerDhclient({ dhclient: path, timeout }: ClientFacts): Candidate {
  const name = "dhclient";
  if (path === null) return { name, program: null, reason: "not found" };
  if (timeout === null) return { name, program: null, reason: noTimeoutReason };
  return { name, program: [path], timeout: [timeout], reason: `asks as ${path}` };
}

function considerDhcpcd({ dhcpcd: found, isDhcpcdInCharge, timeout }: ClientFacts): Candidate {
  const name = "dhcpcd";
  if (found === null) return { name, program: null, reason: "not found" };
  const { path, version } = found;
  if (isDhcpcdInCharge) return { name, program: null, reason: "runs, and serves every NIC itself" };
  if (!isSupportedDhcpcd(version)) {
    const minVersion = minDhcpcdVersion.join(".");
    return { name, program: null, reason: `${version || "unknown"} is older than ${minVersion}` };
  }
  if (timeout === null) return { name, program: null, reason: noTimeoutReason };
  return { name, program: [path], timeout: [timeout], reason: `asks as ${path}` };
}

function isSupportedDhcpcd(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return (
    major > minDhcpcdVersion[0] || (major === minDhcpcdVersion[0] && minor >= minDhcpcdVersion[1])
  );
}

type FindClientsHost = Pick<Host, "env" | "exec" | "files">;

/** A process that does nothing but tell about itself. */
const timeoutMs = 2000;

/** Which DHCP clients this machine has, and what helps to keep them harmless. */
export async function findClients(host: FindClientsHost): Promise<ClientFacts> {
  const find = (name: string): Promise<string | null> => findProgram(host, name);
  const [dhclient, timeout, noopScript] = await Promise.all(
    ["dhclient", "timeout", "true"].map(find),
  );
  const pids = ["/run/dhcpcd/pid", "/run/dhcpcd.pid"].map((path) => host.files.stat(path));
  const running = await Promise.all(pids);
  return {
    udhcpc: await findUdhcpc(host),
    dhclient: dhclient ?? null,
    dhcpcd: await findDhcpcd(host),
    isDhcpcdInCharge: running.some((found) => found !== null),
    timeout: timeout ?? null,
    noopScript: noopScript ?? null,
    isNetworkdActive: await isNetworkdActive(host),
    setpriv: await findSetpriv(host),
  };
}

/** Where administrators' programs lie, which an ordinary user's PATH may lack (`su` without `-`). */
const adminDirectories = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"] as const;

async function findProgram(host: FindClientsHost, name: string): Promise<string | null> {
  const directories = (host.env["PATH"] ?? "")
    .split(":")
    .filter((directory) => directory.startsWith("/"));
  const paths = [...new Set([...directories, ...adminDirectories])].map(
    (directory) => `${directory}/${name}`,
  );
  const found = await Promise.all(paths.map((path) => host.files.stat(path).catch(() => null)));
  const exists = (at: number): boolean => ["file", "link"].includes(found[at]?.kind ?? "");
  return paths.find((_, at) => exists(at)) ?? null;
}

/** busybox is often there without links for what it can do, and may have been built without it. */
async function findUdhcpc(host: FindClientsHost): Promise<readonly string[] | null> {
  const udhcpc = await findProgram(host, "udhcpc");
  if (udhcpc !== null) return [udhcpc];
  const busybox = await findProgram(host, "busybox");
  if (busybox === null) return null;
  const { stdout } = await host.exec([busybox, "--list"], { timeoutMs });
  return stdout.split("\n").includes("udhcpc") ? [busybox, "udhcpc"] : null;
}

async function findDhcpcd(host: FindClientsHost): Promise<ClientFacts["dhcpcd"]> {
  const path = await findProgram(host, "dhcpcd");
  if (path === null) return null;
  const { stdout } = await host.exec([path, "--version"], { timeoutMs });
  return { path, version: /^dhcpcd (\d+(?:\.\d+)*)/.exec(stdout)?.[1] ?? "" };
}

async function isNetworkdActive(host: FindClientsHost): Promise<boolean> {
  if ((await host.files.stat("/run/systemd/netif")) === null) return false;
  const argv = ["systemctl", "is-active", "--quiet", "systemd-networkd.service"];
  return (await host.exec(argv, { timeoutMs })).code === 0;
}

async function findSetpriv(host: FindClientsHost): Promise<string | null> {
  const path = await findProgram(host, "setpriv");
  if (path === null) return null;
  const { stdout } = await host.exec([path, "--help"], { timeoutMs });
  return stdout.includes("--pdeathsig") ? path : null;
}
