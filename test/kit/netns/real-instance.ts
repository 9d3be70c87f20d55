import { familyOf as familyOfAddress } from "../../../src/model/ip.ts";
import { configure } from "../../../src/plan/config/configure.ts";
import { type ExpectedKernel, expectedKernel } from "../../../src/plan/drift/expected-kernel.ts";
import { eniAt, familyOf, linkAt, macAt } from "../facts/nics.ts";
import type { HeldNamespace } from "./held-namespace.ts";

const ipv6Of = (number: number) => ({
  ...familyOf(
    [`2001:db8:${number}::10`, `2001:db8:${number}::20`],
    `2001:db8:${number}::/64`,
    number === 6 ? ["2001:db8:6:0:a::/80"] : [],
  ),
  vpcCidrs: ["2001:db8::/32"],
});
const ipv4Of = (number: number) => ({
  ...familyOf(
    [`10.0.${number}.10`, `10.0.${number}.20`],
    `10.0.${number}.0/24`,
    number === 6 ? ["10.0.6.32/28"] : [],
  ),
  vpcCidrs: ["10.0.0.0/16"],
});
/** Their links are ens5, ens6 and ens7; the last is IPv6 only. */
const enis = [
  eniAt(0, { ipv4: ipv4Of(5), ipv6: ipv6Of(5) }),
  eniAt(1, { ipv4: ipv4Of(6), ipv6: ipv6Of(6) }),
  eniAt(2, { ipv4: familyOf([], "10.0.7.0/24"), ipv6: ipv6Of(7) }),
];
const nics = enis.map((eni) => ({ eni, link: linkAt(eni.deviceNumber) }));
/** What the kernel must have for them. */
export const expected = expectedKernel(configure(nics, { ruleStyle: "group" }), {
  enis,
  incomplete: [],
});
/** Configures the instance as its daemons would, with a bridge, rules and routes of other programs. */
export async function buildInstance({ run }: HeldNamespace): Promise<void> {
  await run("ip link set lo up");
  for (const number of [0, 1, 2]) {
    const { name } = linkAt(number);
    await run(`ip link add ${name} address ${macAt(number)} type veth peer name far${number}`);
    // Without link-local addresses the kernel changes nothing by itself.
    for (const link of [name, `far${number}`]) {
      await run(`ip link set ${link} addrgenmode none`);
      await run(`ip link set ${link} up`);
    }
  }
  await run("ip link add docker0 type veth peer name far9");
  for (const link of ["docker0", "far9"]) {
    await run(`ip link set ${link} addrgenmode none`);
    await run(`ip link set ${link} up`);
  }
  for (const command of instanceCommands(expected)) await run(command);
  for (const command of othersCommands) await run(command);
}

function instanceCommands({ nics }: ExpectedKernel): readonly string[] {
  return nics.flatMap(({ name, linkGroup, addresses, routes, rules, defaultRouteFamilies }) => [
    `ip link set dev ${name} group ${linkGroup ?? 0}`,
    ...addresses.map(({ cidr, isLeased }) => {
      const isIpv4 = familyOfAddress(cidr) === 4;
      const installed = isIpv4 && isLeased ? cidr.replace("/32", "/24") : cidr;
      const flags = isIpv4 ? "" : ` nodad${isLeased ? "" : " preferred_lft 0"}`;
      return `ip address add ${installed} dev ${name}${isLeased ? "" : " noprefixroute"}${flags}`;
    }),
    ...routes.map(({ family, destination, gateway, table }) => {
      const via = gateway === null ? "" : ` via ${gateway}`;
      return `ip -${family} route add ${destination}${via} dev ${name} table ${table} proto static`;
    }),
    ...rules.map((rule) => {
      const { family, priority, from, table, suppressPrefixLength, suppressGroup } = rule;
      const length =
        suppressPrefixLength === null ? "" : ` suppress_prefixlength ${suppressPrefixLength}`;
      const group = suppressGroup === null ? "" : ` suppress_ifgroup ${suppressGroup}`;
      const what = `priority ${priority} from ${from} table ${table}${length}${group}`;
      return `ip -${family} rule add ${what} protocol static`;
    }),
    ...defaultRouteFamilies.map((family) => {
      const gateway = family === 4 ? "10.0.5.1" : "fe80::1";
      return `ip -${family} route add default via ${gateway} dev ${name} metric 64 proto dhcp`;
    }),
  ]);
}

const othersCommands = [
  "ip address add 172.17.0.1/16 dev docker0",
  "ip address add 192.0.2.9/24 dev ens6",
  "ip route add 10.99.0.0/16 via 10.0.5.7 dev ens5",
  "ip route add unreachable default metric 4278198272",
  "ip route add default via 10.0.5.9 dev ens5 table 77",
  "ip rule add priority 3801 fwmark 0x1 lookup 77",
  "ip rule add priority 3801 from 10.0.6.10 iif docker0 lookup 10001",
  "ip rule add priority 600 from 10.9.0.0/24 prohibit",
  "ip -6 rule add priority 30350 lookup main suppress_prefixlength 0",
];
