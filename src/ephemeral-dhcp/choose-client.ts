import type { DhcpClient, Networkd } from "./clients.ts";
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
  readonly harmless: string | null;
  readonly isNetworkdActive: boolean;
  /** A setpriv that knows `--pdeathsig` (util-linux 2.33). */
  readonly setpriv: string | null;
}

interface ChosenClient {
  readonly client: DhcpClient | Networkd | null;
  /** What was looked at, in order, and what came of it. */
  readonly trace: readonly string[];
}

/** `--noconfigure`. */
const leastDhcpcd = [9, 4] as const;

/**
 * The client to ask with: the one that leaves the least to clear away. udhcpc writes nothing and
 * ends by itself; dhclient has to be ended; dhcpcd writes a lease file.
 * Where there is none of them, networkd, which puts its address on for a moment. Where setpriv can do it, the
 * kernel ends the client at the moment at which this process ends, however that comes.
 */
export function chooseClient(facts: ClientFacts): ChosenClient {
  const { harmless, setpriv } = facts;
  const candidates = harmless === null ? [] : [udhcpc(facts), dhclient(facts), dhcpcd(facts)];
  const at = candidates.findIndex(({ program }) => program !== null);
  const found = candidates[at];
  const seen = at < 0 ? candidates : candidates.slice(0, at + 1);
  const trace = seen.map(({ name, reason }) => `${name}: ${reason}`);
  if (harmless === null || found === undefined || found.program === null) {
    const without = harmless === null ? ["true: not found, no client is harmless"] : trace;
    return networkd(facts, without);
  }
  const { name, program, timeout = [] } = found;
  const mortal = setpriv === null ? [] : [setpriv, "--pdeathsig", "TERM", "--"];
  return { client: { name, program, timeout, mortal, harmless }, trace };
}

function networkd({ isNetworkdActive }: ClientFacts, trace: readonly string[]): ChosenClient {
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

const unbound = "nothing would end it: timeout is not found";

function udhcpc(facts: ClientFacts): Candidate {
  const name = "udhcpc";
  if (facts.udhcpc === null) return { name, program: null, reason: "not found" };
  return { name, program: facts.udhcpc, reason: `asks as ${facts.udhcpc.join(" ")}` };
}

function dhclient({ dhclient: path, timeout }: ClientFacts): Candidate {
  const name = "dhclient";
  if (path === null) return { name, program: null, reason: "not found" };
  if (timeout === null) return { name, program: null, reason: unbound };
  return { name, program: [path], timeout: [timeout], reason: `asks as ${path}` };
}

function dhcpcd({ dhcpcd: found, isDhcpcdInCharge, timeout }: ClientFacts): Candidate {
  const name = "dhcpcd";
  if (found === null) return { name, program: null, reason: "not found" };
  const { path, version } = found;
  if (isDhcpcdInCharge) return { name, program: null, reason: "runs, and serves every NIC itself" };
  if (!isAtLeast(version)) {
    const least = leastDhcpcd.join(".");
    return { name, program: null, reason: `${version || "unknown"} is older than ${least}` };
  }
  if (timeout === null) return { name, program: null, reason: unbound };
  return { name, program: [path], timeout: [timeout], reason: `asks as ${path}` };
}

function isAtLeast(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > leastDhcpcd[0] || (major === leastDhcpcd[0] && minor >= leastDhcpcd[1]);
}

type FindHost = Pick<Host, "env" | "exec" | "files">;

/** A process that does nothing but tell about itself. */
const timeoutMs = 2000;

/** Which DHCP clients this machine has, and what helps to keep them harmless. */
export async function findClients(host: FindHost): Promise<ClientFacts> {
  const find = (name: string): Promise<string | null> => findProgram(host, name);
  const [dhclient, timeout, harmless] = await Promise.all(
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
    harmless: harmless ?? null,
    isNetworkdActive: await isNetworkdActive(host),
    setpriv: await findSetpriv(host),
  };
}

/** Where administrators' programs lie, which an ordinary user's PATH may lack (`su` without `-`). */
const moreFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"] as const;

async function findProgram(host: FindHost, name: string): Promise<string | null> {
  const folders = (host.env["PATH"] ?? "").split(":").filter((folder) => folder.startsWith("/"));
  const paths = [...new Set([...folders, ...moreFolders])].map((folder) => `${folder}/${name}`);
  const found = await Promise.all(paths.map((path) => host.files.stat(path).catch(() => null)));
  const isThere = (at: number): boolean => ["file", "link"].includes(found[at]?.kind ?? "");
  return paths.find((_, at) => isThere(at)) ?? null;
}

/** busybox is often there without links for what it can do, and may have been built without it. */
async function findUdhcpc(host: FindHost): Promise<readonly string[] | null> {
  const own = await findProgram(host, "udhcpc");
  if (own !== null) return [own];
  const busybox = await findProgram(host, "busybox");
  if (busybox === null) return null;
  const { stdout } = await host.exec([busybox, "--list"], { timeoutMs });
  return stdout.split("\n").includes("udhcpc") ? [busybox, "udhcpc"] : null;
}

async function findDhcpcd(host: FindHost): Promise<ClientFacts["dhcpcd"]> {
  const path = await findProgram(host, "dhcpcd");
  if (path === null) return null;
  const { stdout } = await host.exec([path, "--version"], { timeoutMs });
  return { path, version: /^dhcpcd (\d+(?:\.\d+)*)/.exec(stdout)?.[1] ?? "" };
}

async function isNetworkdActive(host: FindHost): Promise<boolean> {
  if ((await host.files.stat("/run/systemd/netif")) === null) return false;
  const argv = ["systemctl", "is-active", "--quiet", "systemd-networkd.service"];
  return (await host.exec(argv, { timeoutMs })).code === 0;
}

async function findSetpriv(host: FindHost): Promise<string | null> {
  const path = await findProgram(host, "setpriv");
  if (path === null) return null;
  const { stdout } = await host.exec([path, "--help"], { timeoutMs });
  return stdout.includes("--pdeathsig") ? path : null;
}
