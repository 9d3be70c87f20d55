import type { Host } from "../host/host.ts";
import type { ClientFacts } from "./choose-client.ts";

export type FindHost = Pick<Host, "env" | "exec" | "files">;

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
