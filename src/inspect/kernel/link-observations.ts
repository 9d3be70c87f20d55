import * as v from "valibot";
import type { ExecHost } from "../../host/host.ts";
import { runIpJson } from "./ip-json.ts";

/** What the kernel shows about a link whose ENI is watched. */
export interface LinkObservation {
  /** Global addresses with a limited lifetime, which shows that a DHCP client has set them. */
  readonly dhcp: readonly string[];
  /** All global addresses, set by any program. */
  readonly addresses: readonly string[];
  /** A router has advertised itself on the link. */
  readonly hasRouter: boolean;
  readonly hasCarrier: boolean;
}

/** The output of `ip address`. `dynamic` means a limited lifetime (IFA_F_PERMANENT is not set). */
const linksSchema = v.array(
  v.object({
    ifname: v.optional(v.string(), ""),
    flags: v.optional(v.array(v.string()), []),
    addr_info: v.optional(
      v.array(
        v.object({
          local: v.optional(v.string(), ""),
          prefixlen: v.optional(v.number(), 0),
          scope: v.optional(v.string(), ""),
          dynamic: v.optional(v.boolean(), false),
        }),
      ),
      [],
    ),
  }),
);

const defaultRoutesSchema = v.array(
  v.object({ dev: v.optional(v.string(), ""), protocol: v.optional(v.string(), "") }),
);

/**
 * What the kernel shows about each link, by the link's name; null if `ip` failed, so that a failure
 * does not look like "no address". For IPv6, only a /128 counts as an address from DHCP, because
 * the addresses that a link makes from an advertised prefix do not belong to the ENI.
 */
export async function readLinkObservations(
  host: ExecHost,
): Promise<Readonly<Record<string, LinkObservation>> | null> {
  const [links, routes] = await Promise.all([
    runIpJson(host, ["address", "show"], linksSchema),
    runIpJson(host, ["-6", "route", "show", "default"], defaultRoutesSchema),
  ]);
  if (links.value === null) return null;
  const advertised = (routes.value ?? []).filter(({ protocol }) => protocol === "ra");
  const observations = links.value.map(({ ifname, flags, addr_info }) => {
    const global = addr_info.filter(({ scope }) => scope === "global");
    const leased = global.filter(
      ({ local, dynamic, prefixlen }) => dynamic && (!local.includes(":") || prefixlen === 128),
    );
    const observation = {
      dhcp: leased.map(({ local }) => local),
      addresses: global.map(({ local }) => local),
      hasRouter: advertised.some(({ dev }) => dev === ifname),
      hasCarrier: flags.includes("LOWER_UP"),
    };
    return [ifname, observation] as const;
  });
  return Object.fromEntries(observations);
}
