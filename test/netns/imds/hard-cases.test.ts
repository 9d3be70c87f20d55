import { expect, setDefaultTimeout } from "bun:test";
import type { FaultRule } from "../../../scripts/simulator/faults/fault.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import {
  type NicNetwork,
  type NicNetworkOptions,
  startNicNetwork,
} from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(30_000);
const testNics = testUnless(networkMissing());

interface Case extends NicNetworkOptions {
  readonly given?: (network: NicNetwork) => Promise<unknown>;
  /** While ec2nic runs; afterwards all is again as it was before `given`. */
  readonly meanwhile?: (network: NicNetwork) => Promise<unknown>;
  readonly args?: readonly string[];
  /** Whose IMDS the value comes from. */
  readonly through: string;
  readonly atMostMs: number;
}

const faulty = (fault: FaultRule["fault"]): NicSpec["imds"] => ({ faults: [{ fault }] });
const ens5 = { name: "ens5", ipv4: "10.0.0.10/24", defaultRoute: true } as const;
const ens6 = { name: "ens6", ipv4: "10.0.1.10/24", defaultRoute: true } as const;
const swallows: NicSpec = { ...ens5, imds: "swallows" };
const answers: NicSpec = { ...ens6, imds: "answers" };
const ens5v6 = { name: "ens5", ipv6: "2600:1f14:ec2::10/64", defaultRoute: true } as const;
const ens6v6 = { name: "ens6", ipv6: "2600:1f14:ec2:1::10/64" } as const;

const cases: Readonly<Record<string, Case>> = {
  "the first NIC accepts connections and stays silent": {
    nics: [{ ...ens5, imds: faulty({ kind: "hang" }) }, answers],
    through: "ens6",
    atMostMs: 800,
  },
  "the first NIC's IMDS answers 503, the second's the token": {
    nics: [{ ...ens5, imds: faulty({ kind: "status", status: 503 }) }, answers],
    through: "ens6",
    atMostMs: 800,
  },
  "the first NIC's IMDS is not there: connections are refused": {
    nics: [{ ...ens5, imds: faulty({ kind: "refuse" }) }, answers],
    through: "ens6",
    atMostMs: 800,
  },
  "behind the first NIC is something that is not HTTP": {
    nics: [{ ...ens5, imds: faulty({ kind: "garbage" }) }, answers],
    through: "ens6",
    atMostMs: 800,
  },
  "behind the first NIC is a login form": {
    nics: [
      { ...ens5, imds: faulty({ kind: "status", status: 200, body: "<html>log in" }) },
      answers,
    ],
    through: "ens6",
    atMostMs: 800,
  },
  "the first NIC's IMDS is switched off (403)": {
    nics: [{ ...ens5, imds: { disabled: true } }, answers],
    through: "ens6",
    atMostMs: 800,
  },
  "the first NIC has no carrier": {
    nics: [{ ...ens5, imds: "answers" }, answers],
    given: (network) => network.carrier("ens5", false),
    through: "ens6",
    atMostMs: 800,
  },
  "two NICs in one subnet, the first dead": {
    nics: [swallows, { ...answers, ipv4: "10.0.0.11/24" }],
    through: "ens6",
    atMostMs: 800,
  },
  "no NIC has a default route, and rp_filter is off": {
    nics: [
      { ...swallows, defaultRoute: false },
      { ...answers, defaultRoute: false },
    ],
    rpFilter: 0,
    through: "ens6",
    atMostMs: 800,
  },
  "IPv6 only, the first dead": {
    nics: [
      { ...ens5v6, imds: "swallows" },
      { ...ens6v6, imds: "answers", defaultRoute: true },
    ],
    through: "ens6",
    atMostMs: 1200,
  },
  "IPv6 only, by on-link routes, the first dead": {
    nics: [
      { ...ens5v6, imds: "swallows" },
      { ...ens6v6, imds: "answers" },
    ],
    given: async (network) => {
      await network.ip("route", "add", "fd00:ec2::254", "dev", "ens5", "metric", "1");
      await network.ip("route", "append", "fd00:ec2::254", "dev", "ens6", "metric", "2");
    },
    through: "ens6",
    atMostMs: 1200,
  },
  "a NIC that appears two seconds after the start": {
    nics: [swallows, answers],
    given: (network) => network.unplug("ens6"),
    meanwhile: async (network) => {
      await Bun.sleep(2000);
      await network.plug(answers);
    },
    through: "ens6",
    atMostMs: 3500,
  },
  "--interface asks through the NIC that is named, though another is better": {
    nics: [{ ...ens5, imds: "answers" }, answers],
    args: ["--interface", "ens6"],
    through: "ens6",
    atMostMs: 300,
  },
};

for (const [name, { through, atMostMs, args = [], ...options }] of Object.entries(cases)) {
  testNics(`${name}: the value comes through ${through}, in ${atMostMs} ms`, async () => {
    await using network = await startNicNetwork(options);
    const atFirst = await network.state();
    await options.given?.(network);
    const before = options.meanwhile === undefined ? await network.state() : atFirst;
    const run = network.start(["fetch", "instance-id", "-v", "--timeout", "10s", ...args]);
    await options.meanwhile?.(network);
    const { code, text, stderr, elapsedMs } = await run.result;
    expect({ code, text, stderr }).toMatchObject({ code: 0, text: "i-0ec20000000000001\n" });
    expect(stderr).toMatch(new RegExp(`GET .*instance-id through ${through}: 200`));
    expect(elapsedMs).toBeLessThan(atMostMs);
    expect(await network.state()).toEqual(before);
  });
}

for (const [signal, status] of [
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const) {
  testNics(
    `${signal} in the middle of a race: ${status} at once, and nothing is left`,
    async () => {
      await using network = await startNicNetwork({
        nics: [swallows, { ...ens6, imds: "swallows" }],
      });
      const before = await network.state();
      const run = network.start(["fetch", "instance-id", "--timeout", "10s"]);
      await Bun.sleep(600); // by then both NICs are being asked
      run.kill(signal);
      const { code, text, elapsedMs } = await run.result;
      expect({ code, text }).toEqual({ code: status, text: "" });
      expect(elapsedMs).toBeLessThan(1000);
      expect(await network.state()).toEqual(before);
    },
  );
}
