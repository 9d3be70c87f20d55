import fc from "fast-check";
import type { Eni } from "../../../src/model/eni.ts";
import { eniAt, macAt } from "./nics.ts";

const counts = fc.record({
  networkCard: fc.nat(1),
  ipv4: fc.nat(3),
  ipv6: fc.nat(3),
  prefixes4: fc.nat(2),
  prefixes6: fc.nat(2),
});

const upTo = (count: number, text: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => text(at));

/** The ENIs of an instance, the primary first, with any number of addresses and prefixes. */
export const eniSets: fc.Arbitrary<readonly Eni[]> = fc
  .tuple(fc.array(counts, { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([all, shareSubnet]) =>
    all.map(({ networkCard, ...count }, at): Eni => {
      const subnet = shareSubnet ? 0 : at;
      const ipv4 = count.ipv4 + count.ipv6 === 0 ? 1 : count.ipv4;
      return eniAt(at, {
        mac: macAt(at),
        networkCard: at === 0 ? 0 : networkCard,
        ipv4: {
          addresses: upTo(ipv4, (n) => `10.0.${subnet}.${10 + 10 * at + n}`),
          subnets: ipv4 === 0 ? [] : [`10.0.${subnet}.0/24`],
          vpcCidrs: ipv4 === 0 ? [] : ["10.0.0.0/16", "10.9.0.0/16"],
          prefixes: ipv4 === 0 ? [] : upTo(count.prefixes4, (n) => `10.9.${at}.${16 * n}/28`),
        },
        ipv6: {
          addresses: upTo(count.ipv6, (n) => `2001:db8:0:${subnet}::${at + 1}${n}`),
          subnets: count.ipv6 === 0 ? [] : [`2001:db8:0:${subnet}::/64`],
          vpcCidrs: count.ipv6 === 0 ? [] : ["2001:db8::/56"],
          prefixes:
            count.ipv6 === 0
              ? []
              : upTo(count.prefixes6, (n) => `2001:db8:0:${subnet}:${at + 1}${n}::/80`),
        },
      });
    }),
  );
