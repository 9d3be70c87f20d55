import * as v from "valibot";
import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { Family } from "../../model/address.ts";
import type { KernelRoute, KernelRule, KernelState } from "../../model/kernel-state.ts";
import { addressesSchema, routesSchema, rulesSchema } from "./ip-schema.ts";
import { kernelAddresses } from "./parse-addresses.ts";
import { kernelRoutes } from "./parse-routes.ts";
import { kernelRule } from "./parse-rules.ts";

/** EAFNOSUPPORT, EOPNOTSUPP: a kernel without IPv6 has no routes and rules of it, which is no error. */
const noSuchFamily = /Address family not supported|Operation not supported/;

/** A dump takes milliseconds, even with a full routing table. */
const timeoutMs = 10_000;

/**
 * What the kernel has of addresses, routes and rules, as `ip` shows it. `-N` keeps it from naming
 * tables and protocols, whose names an admin may give and take in files that lie in different
 * places (/etc/iproute2, /usr/share/iproute2, rt_tables.d). Throws `OSERR` where `ip` is missing,
 * older than 5.3 (no `-N`), busybox's, or fails.
 */
export async function readKernel(host: Pick<Host, "exec">): Promise<KernelState> {
  const [addresses, ...families] = await Promise.all([
    readAs(host, addressesSchema, ["address", "show"]),
    readFamily(host, 4),
    readFamily(host, 6),
  ]);
  return {
    addresses: addresses.flatMap(kernelAddresses),
    routes: families.flatMap(({ routes }) => routes),
    rules: families.flatMap(({ rules }) => rules),
  };
}

interface OneFamily {
  readonly routes: readonly KernelRoute[];
  readonly rules: readonly KernelRule[];
}

async function readFamily(host: Pick<Host, "exec">, family: Family): Promise<OneFamily> {
  const flags = ["-details", `-${family}`];
  const [routes, rules] = await Promise.all([
    readAs(host, routesSchema(family), [...flags, "route", "show", "table", "all"]),
    readAs(host, rulesSchema, [...flags, "rule", "show"]),
  ]);
  return {
    routes: routes.flatMap((route) => kernelRoutes(route, family)),
    rules: rules.map((rule) => kernelRule(rule, family)),
  };
}

async function readAs<T extends v.GenericSchema<unknown, readonly unknown[]>>(
  host: Pick<Host, "exec">,
  schema: T,
  words: readonly string[],
): Promise<v.InferOutput<T>> {
  const argv = ["ip", "-N", "-json", ...words];
  const { code, stdout, stderr } = await host.exec(argv, { timeoutMs });
  const lacksIpv6 = code !== 0 && words.includes("-6") && noSuchFamily.test(stderr);
  if (code !== 0 && !lacksIpv6) throw failed(argv, code, stderr);
  // For an empty list some versions print nothing at all.
  const text = lacksIpv6 || stdout.trim() === "" ? "[]" : stdout;
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (result.success) return result.output;
  const said = result.issues[0].message;
  throw new Failure("OSERR", `${argv.join(" ")}: prints something unknown: ${said}`, { hint });
}

const hint = "install iproute2, 5.3 or later: busybox's ip cannot tell";

function failed(argv: readonly string[], code: number, stderr: string): Failure {
  const [said = ""] = stderr.trim().split("\n");
  const what = code === 127 ? "there is no such command" : `ended with ${code}`;
  const message = `${argv.join(" ")}: ${what}${said === "" ? "" : `: ${said}`}`;
  return new Failure("OSERR", message, { hint });
}
