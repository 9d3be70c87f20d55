import { peers, viaVpn } from "./peers.ts";

const { container, pod, bridged } = peers;

/** What others have added to the machine's routing. */
export interface Situation {
  readonly name: string;
  /** Whether the internet is behind the VPN for all packets without an address of a secondary ENI. */
  readonly takesEverything: boolean;
  /** Shell commands. */
  readonly begin: readonly string[];
  readonly end: readonly string[];
}

/** Both commands for each route: `ip route add …` and `ip route del …`. */
function withRoutes(name: string, routes: readonly string[], rules: readonly string[]): Situation {
  const commands = (verb: "add" | "del") => [
    ...routes.map((route) => `ip ${route.includes(":") ? "-6" : "-4"} route ${verb} ${route}`),
    ...rules.flatMap((rule) => ["-4", "-6"].map((family) => `ip ${family} rule ${verb} ${rule}`)),
  ];
  return { name, takesEverything: true, begin: commands("add"), end: commands("del") };
}

const throughVpn = (destinations: readonly string[], more = ""): readonly string[] =>
  destinations.map((destination) => `${destination} ${viaVpn(destination)}${more}`);
const everything = ["0.0.0.0/0", "::/0"];
const lans = [container, pod, bridged].flatMap(({ networks }) => networks);
const halves4 = ["0.0.0.0/1", "128.0.0.0/1"];

/** Every way in which VPNs take all traffic, and routes of the admin through the primary. */
export const situations: readonly Situation[] = [
  { name: "no VPN takes everything", takesEverything: false, begin: [], end: [] },
  withRoutes("a VPN has a default route", throughVpn(everything, " metric 50"), []),
  withRoutes("OpenVPN: two halves", throughVpn([...halves4, "::/1", "8000::/1"]), []),
  withRoutes(
    "a VPN has 2000::/4 and 3000::/4",
    throughVpn([...halves4, "2000::/4", "3000::/4"]),
    [],
  ),
  // With `--exit-node-allow-lan-access`, its table leaves out the networks on the machine.
  withRoutes(
    "Tailscale: rule 5270",
    [...throughVpn(everything, " table 52"), ...lans.map((lan) => `throw ${lan} table 52`)],
    ["priority 5270 lookup 52"],
  ),
  withRoutes("Mullvad: rules 5208 and 5209", throughVpn(everything, " table 1836018789"), [
    "priority 5208 lookup main suppress_prefixlength 0",
    "priority 5209 not fwmark 0x6d6f6c65 lookup 1836018789",
  ]),
  withRoutes("wg-quick: rules before main", throughVpn(everything, " table 51820"), [
    "priority 32764 lookup main suppress_prefixlength 0",
    "priority 32765 not fwmark 0xca6c lookup 51820",
  ]),
  {
    ...withRoutes(
      "main has routes through the primary to the internet's host and to name servers",
      [
        "198.51.100.0/24 via 10.0.0.1 dev ens5",
        "169.254.169.253/32 dev ens5",
        "10.0.0.2/32 dev ens5",
        "2001:db8:ffff::/48 via fe80:ec2::1 dev ens5",
        "fd00:ec2::253/128 dev ens5",
      ],
      [],
    ),
    takesEverything: false,
  },
];
