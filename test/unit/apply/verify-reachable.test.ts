import { expect, test } from "bun:test";
import { verifyReachable } from "../../../src/apply/verify-reachable.ts";
import { fakeMachine } from "../../kit/host/fake-machine.ts";

/** Both families have a default route; `zeros` is the IPv6 destination and the next hop. */
const zeros = "0".repeat(32);
const ipv4 = "Iface\nens5 00000000 0100000A 0003 0 0 512 00000000\n";
const ipv6 = `${zeros} 00 ${zeros} 00 ${zeros} 00000200 00000001 00000000 00000003 ens5\n`;

type During = readonly (readonly [fromMs: number, toMs: number])[];

interface Case {
  readonly what: string;
  /** When the IPv4 default route is there, the IPv6 one, and when IMDS answers; default: always. */
  readonly ipv4?: During;
  readonly ipv6?: During;
  readonly imds?: During;
  /** When the verification ends, and why it fails. */
  readonly endMs: number;
  readonly failure?: string;
  readonly imdsChecks: number;
}

const forever = Number.POSITIVE_INFINITY;

const cases: readonly Case[] = [
  { what: "all is there", endMs: 1000, imdsChecks: 2 },
  { what: "the route comes back", ipv4: [[3000, forever]], endMs: 4000, imdsChecks: 2 },
  {
    what: "the route is lost again after half a second",
    ipv4: [
      [0, 500],
      [3000, forever],
    ],
    endMs: 4000,
    imdsChecks: 3,
  },
  {
    what: "the route is lost after less than a second",
    ipv4: [[0, 900]],
    endMs: 20_000,
    failure: "the ipv4 default route over ens5 is gone 20 s after the activation",
    imdsChecks: 1,
  },
  {
    what: "only the IPv6 route is lost",
    ipv6: [],
    endMs: 20_000,
    failure: "the ipv6 default route over ens5 is gone 20 s after the activation",
    imdsChecks: 0,
  },
  { what: "IMDS answers late", imds: [[600, forever]], endMs: 1750, imdsChecks: 5 },
  {
    what: "IMDS answers once and then no longer",
    imds: [[0, 100]],
    endMs: 20_000,
    failure: "IMDS no longer answers 20 s after the activation",
    imdsChecks: 78,
  },
];

test.each(cases)("$what: $endMs ms", async ({ endMs, failure, imdsChecks, ...shown }) => {
  const machine = fakeMachine();
  const { clock, files } = machine;
  const isNow = (during: During = [[0, forever]]): boolean =>
    during.some(([fromMs, toMs]) => fromMs <= clock.now() && clock.now() < toMs);
  const read = async (path: string) => {
    const is6 = path.endsWith("6_route");
    const text = isNow(is6 ? shown.ipv6 : shown.ipv4) ? (is6 ? ipv6 : ipv4) : "";
    return new TextEncoder().encode(text);
  };
  let checks = 0;
  const imdsAnswers = async () => {
    checks += 1;
    return isNow(shown.imds);
  };
  const required = { link: "ens5", routes: { ipv4: true, ipv6: true }, imdsAnswers };
  const found = await verifyReachable({ ...machine, files: { ...files, read } }, required);
  expect(found?.message).toBe(failure);
  expect({ endMs: clock.now(), checks }).toEqual({ endMs, checks: imdsChecks });
});

test("what was not there before is not required", async () => {
  const required = { link: "ens5", routes: { ipv4: false, ipv6: false }, imdsAnswers: null };
  expect(await verifyReachable(fakeMachine(), required)).toBeNull();
});
