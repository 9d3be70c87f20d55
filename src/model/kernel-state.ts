/** RT_TABLE_MAIN: the one that is used where no rule says otherwise. */
export const mainTable = 254;

/** What the kernel has of addresses, routes and rules, on every link and in every table. */
export interface KernelState {
  readonly addresses: readonly KernelAddress[];
  readonly routes: readonly KernelRoute[];
  readonly rules: readonly KernelRule[];
}

export interface KernelAddress {
  /** The link's name. */
  readonly link: string;
  /** Canonical, without its prefix length. */
  readonly address: string;
  readonly prefixLength: number;
  /** `dhcp`, `static`, `kernel_ra`, …: who made it, where the kernel knows; else null. */
  readonly protocol: string | null;
  /** Still tentative or failed duplicate address detection: not usable yet. */
  readonly isUsable: boolean;
  /** Duplicate address detection failed: it will not become usable by waiting. */
  readonly isDuplicate: boolean;
}

export interface KernelRoute {
  readonly family: 4 | 6;
  /** A canonical CIDR; `0.0.0.0/0` and `::/0` are the defaults. */
  readonly destination: string;
  readonly gateway: string | null;
  /** The link's name; null for blackholes and the like. A route of several hops is one for each. */
  readonly link: string | null;
  /** 254 is main. */
  readonly table: number;
  readonly metric: number;
  readonly protocol: string | null;
  readonly source: string | null;
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
  /** A canonical CIDR; null: anywhere. */
  readonly from: string | null;
  readonly to: string | null;
  /** 0 where the action is no lookup. */
  readonly table: number;
  readonly ignoresDefault: boolean;
  /** Nothing else decides whether it applies: no mark, no interface, no port, no `not`. */
  readonly isPlain: boolean;
}

/** Whether a link holds a default route, by family. */
export interface DefaultRoutes {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}
