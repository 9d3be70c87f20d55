import { isIPv4, isIPv6 } from "node:net";
import type { ListenAddress } from "../http/listener.ts";
import { Misfit } from "../scenario/parse.ts";

/** `127.0.0.1:80` or `[::1]:80`; throws a `Misfit`. */
export function listenArgument(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const [, ipv6 = "", ipv4 = "", digits = ""] = match ?? [];
  const port = Number(digits);
  if ((isIPv6(ipv6) || isIPv4(ipv4)) && port <= 65535) return { host: ipv6 || ipv4, port };
  throw new Misfit("not an address and a port, as in 127.0.0.1:80 or [::1]:80");
}
