import { Failure } from "../../exit.ts";
import { splitEndpoint } from "../../model/ip.ts";

/**
 * The address of a metadata service, `http://HOST[:PORT][/PATH]`, without a slash at the end.
 * `source` is the flag or variable it came from. Throws `USAGE`.
 */
export function parseEndpoint(text: string, source: string): string {
  const refuse = (reason: string): never => {
    const hint = `${source} http://169.254.169.254`;
    throw new Failure("USAGE", `${source}: "${text}" ${reason}`, { hint });
  };
  const url = URL.parse(text);
  if (url === null || !text.includes("://")) return refuse("is not a URL");
  if (url.protocol !== "http:") return refuse("is not http");
  if (url.username !== "" || url.password !== "") return refuse("holds credentials");
  if (url.search !== "" || url.hash !== "") return refuse("has a query or a fragment");
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** The address family of an endpoint; null: it has a name, which only the kernel resolves. */
export function endpointFamily(endpoint: string): "ipv4" | "ipv6" | null {
  const { host } = splitEndpoint(endpoint);
  if (host.includes(":")) return "ipv6";
  return /^\d+(\.\d+){3}$/.test(host) ? "ipv4" : null;
}

/** Whether it is on this machine, where no NIC leads. */
export function isLoopback(endpoint: string): boolean {
  const { host } = splitEndpoint(endpoint);
  return host.startsWith("127.") || host === "::1" || host === "localhost";
}

/** Whether a NIC can lead there: it is an address, and not this machine's. */
export function isBindable(endpoint: string): boolean {
  return endpointFamily(endpoint) !== null && !isLoopback(endpoint);
}
