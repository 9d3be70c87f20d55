import { expect, setDefaultTimeout } from "bun:test";
import { atOnceMs, patient, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import {
  type NicNetwork,
  type NicNetworkOptions,
  startNicNetwork,
} from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { testUnless } from "../../kit/basics/skip.ts";
import { until } from "../../kit/basics/until.ts";

setDefaultTimeout(testLimitMs);
const testNics = testUnless(networkMissing());

interface Case extends NicNetworkOptions {
  readonly prepare?: (network: NicNetwork) => Promise<unknown>;
  /** Runs when ec2nic has failed once; afterwards the network is as it was before `prepare`. */
  readonly meanwhile?: (network: NicNetwork) => Promise<unknown>;
  readonly args?: readonly string[];
  /** The NIC whose IMDS returns the value. */
  readonly through: string;
}

const ens5 = { name: "ens5", ipv4: "10.0.0.10/24", defaultRoute: true } as const;
const ens6 = { name: "ens6", ipv4: "10.0.1.10/24", defaultRoute: true } as const;
const swallows: NicSpec = { ...ens5, imds: "swallows" };
const answers: NicSpec = { ...ens6, imds: "answers" };
const ens5v6 = { name: "ens5", ipv6: "2600:1f14:ec2::10/64", defaultRoute: true } as const;
const ens6v6 = { name: "ens6", ipv6: "2600:1f14:ec2:1::10/64" } as const;

const cases: Readonly<Record<string, Case>> = {
  "the first NIC's IMDS accepts connections and sends nothing": {
    nics: [{ ...ens5, imds: { faults: [{ fault: { kind: "hang" } }] } }, answers],
    through: "ens6",
  },
  "the first NIC's IMDS is disabled (403)": {
    nics: [{ ...ens5, imds: { disabled: true } }, answers],
    through: "ens6",
  },
  "the first NIC has no carrier": {
    nics: [{ ...ens5, imds: "answers" }, answers],
    prepare: (network) => network.carrier("ens5", false),
    through: "ens6",
  },
  "two NICs are in one subnet, and the first is dead": {
    nics: [swallows, { ...answers, ipv4: "10.0.0.11/24" }],
    through: "ens6",
  },
  "no NIC has a default route, and rp_filter is off": {
    nics: [
      { ...swallows, defaultRoute: false },
      { ...answers, defaultRoute: false },
    ],
    rpFilter: 0,
    through: "ens6",
  },
  "with IPv6 only, the first NIC is dead": {
    nics: [
      { ...ens5v6, imds: "swallows" },
      { ...ens6v6, imds: "answers", defaultRoute: true },
    ],
    through: "ens6",
  },
  "with IPv6 only and on-link routes, the first NIC is dead": {
    nics: [
      { ...ens5v6, imds: "swallows" },
      { ...ens6v6, imds: "answers" },
    ],
    prepare: async (network) => {
      await network.ip("route", "add", "fd00:ec2::254", "dev", "ens5", "metric", "1");
      await network.ip("route", "append", "fd00:ec2::254", "dev", "ens6", "metric", "2");
    },
    through: "ens6",
  },
  "the second NIC appears when fetch has tried the first": {
    nics: [swallows, answers],
    prepare: (network) => network.unplug("ens6"),
    meanwhile: (network) => network.plug(answers),
    through: "ens6",
  },
  "--interface names the NIC without the best route": {
    nics: [{ ...ens5, imds: "answers" }, answers],
    args: ["--interface", "ens6"],
    through: "ens6",
  },
};

for (const [name, { through, args = [], ...options }] of Object.entries(cases)) {
  testNics(`${name}: fetch gets the value through ${through}`, async () => {
    await using network = await startNicNetwork(options);
    const initial = await network.state();
    await options.prepare?.(network);
    const before = options.meanwhile === undefined ? await network.state() : initial;
    const run = network.start(["fetch", "instance-id", "-v", ...args], { env: patient });
    if (options.meanwhile !== undefined) {
      await until("fetch has failed once", () => run.output().includes("trying again in "));
      await options.meanwhile(network);
    }
    const { code, text, stderr, elapsedMs } = await run.result;
    expect({ code, text, stderr }).toMatchObject({ code: 0, text: "i-0ec20000000000001\n" });
    expect(stderr).toMatch(new RegExp(`GET .*instance-id through ${through}: 200`));
    expect(elapsedMs).toBeLessThan(atOnceMs);
    expect(await network.state()).toEqual(before);
  });
}

/** How many connections to IMDS are not established yet: state 02 of /proc/net/tcp, port 80. */
async function pendingConnections(network: NicNetwork): Promise<number> {
  const { stdout } = await network.run(["cat", "/proc/net/tcp"]);
  return stdout.match(/ FEA9FEA9:0050 02 /g)?.length ?? 0;
}

for (const [signal, status] of [
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const) {
  testNics(
    `${signal} while fetch tries two NICs ends it at once with ${status} and leaves nothing`,
    async () => {
      await using network = await startNicNetwork({
        nics: [swallows, { ...ens6, imds: "swallows" }],
      });
      const before = await network.state();
      const run = network.start(["fetch", "instance-id"]);
      await until("two NICs are tried", async () => (await pendingConnections(network)) >= 2);
      const sentMs = performance.now();
      run.kill(signal);
      const { code, text } = await run.result;
      expect({ code, text }).toEqual({ code: status, text: "" });
      expect(performance.now() - sentMs).toBeLessThan(atOnceMs);
      expect(await network.state()).toEqual(before);
    },
  );
}
