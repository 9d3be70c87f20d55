import * as v from "valibot";
import type { Host } from "../../host/host.ts";
import { runIpJson } from "./ip-json.ts";

/** What the kernel shows of a link whose ENI is watched. */
export interface LinkObservation {
  /** Addresses with an end to their life: a DHCP client put them there. */
  readonly dhcp: readonly string[];
  /** All that are not the link's own, whoever put them there. */
  readonly addresses: readonly string[];
  /** A router advertised itself on the link. */
  readonly hasRouter: boolean;
  readonly hasCarrier: boolean;
}

/** `ip address`: IFA_F_PERMANENT is not set where an address has an end (`dynamic`). */
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
 * By link's name; null where `ip` cannot tell, which is not "no address". Of IPv6 only a whole address counts as DHCP's: one
 * that a link makes of an advertised prefix is no ENI's.
 */
export async function readLinkObservations(
  host: Pick<Host, "exec">,
): Promise<Readonly<Record<string, LinkObservation>> | null> {
  const [links, routes] = await Promise.all([
    runIpJson(host, ["address", "show"], linksSchema),
    runIpJson(host, ["-6", "route", "show", "default"], defaultRoutesSchema),
  ]);
  const routed = new Set(
    (routes.value ?? []).filter(({ protocol }) => protocol === "ra").map(({ dev }) => dev),
  );
  const observations = links.value?.map(({ ifname, flags, addr_info }) => {
    const global = addr_info.filter(({ scope }) => scope === "global");
    const leased = global.filter(
      ({ local, dynamic, prefixlen }) => dynamic && (!local.includes(":") || prefixlen === 128),
    );
    return [
      ifname,
      {
        dhcp: leased.map(({ local }) => local),
        addresses: global.map(({ local }) => local),
        hasRouter: routed.has(ifname),
        hasCarrier: flags.includes("LOWER_UP"),
      },
    ] as const;
  });
  return observations === undefined ? null : Object.fromEntries(observations);
}
