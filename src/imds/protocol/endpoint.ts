import { Failure } from "../../exit.ts";
import { splitEndpoint } from "../../model/ip.ts";

/**
 * Parses the URL of a metadata service, `http://HOST[:PORT][/PATH]`; a slash at the end is removed.
 * `source` is the flag or the variable that contains `text`. Throws `USAGE`.
 */
export function parseEndpoint(text: string, source: string): string {
  const refuse = (reason: string): never => {
    const hint = "for example: http://169.254.169.254";
    throw new Failure("USAGE", `${source}: "${text}" ${reason}`, { hint });
  };
  const url = URL.parse(text);
  if (url === null || !text.includes("://")) return refuse("is not a URL");
  if (url.protocol !== "http:") return refuse("is not http");
  if (url.username !== "" || url.password !== "") return refuse("holds credentials");
  if (url.search !== "" || url.hash !== "") return refuse("has a query or a fragment");
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** The address family of an endpoint; null if its host is a name, which fetch resolves later. */
export function endpointFamily(endpoint: string): "ipv4" | "ipv6" | null {
  const { host } = splitEndpoint(endpoint);
  if (host.includes(":")) return "ipv6";
  return /^\d+(\.\d+){3}$/.test(host) ? "ipv4" : null;
}

/** Whether an endpoint is on this machine, where no NIC leads. */
export function isLoopback(endpoint: string): boolean {
  const { host } = splitEndpoint(endpoint);
  return host.startsWith("127.") || host === "::1" || host === "localhost";
}

/** Whether a NIC can lead to an endpoint: the host is an address, and not of this machine. */
export function isBindable(endpoint: string): boolean {
  return endpointFamily(endpoint) !== null && !isLoopback(endpoint);
}
