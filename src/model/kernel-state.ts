/** RT_TABLE_MAIN: the table that is used unless a rule selects another one. */
export const mainTable = 254;

/** The kernel's addresses, routes and rules, on every link and in every table. */
export interface KernelState {
  readonly links: readonly KernelLink[];
  readonly addresses: readonly KernelAddress[];
  readonly routes: readonly KernelRoute[];
  readonly rules: readonly KernelRule[];
}

export interface KernelLink {
  readonly name: string;
  /** The link's group; 0 is the default. null if `ip` printed a name instead of the number. */
  readonly group: number | null;
}

export interface KernelAddress {
  /** The link's name. */
  readonly link: string;
  /** Canonical, without its prefix length. */
  readonly address: string;
  readonly prefixLength: number;
  /** It has a limited lifetime: DHCP or a router advertisement gave it. */
  readonly isDynamic?: boolean;
  /** Duplicate address detection has failed: the address will not become usable. */
  readonly isDuplicate: boolean;
}

export interface KernelRoute {
  readonly family: 4 | 6;
  /** `unreachable` is also a blackhole or a prohibit route: the packet is dropped. */
  readonly type: "unicast" | "throw" | "unreachable";
  /** A canonical CIDR; `0.0.0.0/0` and `::/0` are the defaults. */
  readonly destination: string;
  readonly gateway: string | null;
  /** The link's name; null unless the type is `unicast`. Each hop of a route is a record. */
  readonly link: string | null;
  readonly table: number;
  readonly metric: number;
}

/** The default routes of the main table, of one family. */
export function mainDefaultRoutes(
  { routes }: Pick<KernelState, "routes">,
  family: 4 | 6,
): readonly KernelRoute[] {
  const destination = family === 4 ? "0.0.0.0/0" : "::/0";
  return routes.filter((route) => route.table === mainTable && route.destination === destination);
}

export interface KernelRule {
  readonly family: 4 | 6;
  readonly priority: number;
  /** A canonical CIDR; null for anywhere. */
  readonly from: string | null;
  readonly to: string | null;
  /** 0 if the action is not a lookup in a table. */
  readonly table: number;
  readonly suppressPrefixLength: number | null;
  readonly suppressGroup: number | null;
  /** It has no other condition: no mark, no interface, no port, no `not`. */
  readonly isPlain: boolean;
}

/** Whether a link has a default route, by family. */
export interface DefaultRoutes {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}
