import { isIPv4, isIPv6 } from "node:net";
import type { ListenAddress } from "../http/listener.ts";
import { ParseError } from "../scenario/parse.ts";

/** Parses `127.0.0.1:80` or `[::1]:80`; throws a `ParseError`. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const [, ipv6 = "", ipv4 = "", digits = ""] = match ?? [];
  const port = Number(digits);
  if ((isIPv6(ipv6) || isIPv4(ipv4)) && port <= 65535) return { host: ipv6 || ipv4, port };
  throw new ParseError("expected ADDRESS:PORT, for example 127.0.0.1:80 or [::1]:80");
}
