import { expect, setDefaultTimeout, test } from "bun:test";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import {
  type NicNetwork,
  type NicNetworkOptions,
  startNicNetwork,
} from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { testUnless } from "../../kit/basics/skip.ts";

/**
 * What the kernel does with a socket that is bound to a device. Each row runs curl first, which
 * shows the fact that ec2nic relies on, and then ec2nic. If a kernel behaves differently, the
 * assertion about curl fails.
 */
setDefaultTimeout(testLimitMs);
const testNics = testUnless(networkMissing("curl"), test.concurrent);

interface Row extends NicNetworkOptions {
  /** The NIC to which the socket is bound. */
  readonly nic: string;
  /** The `ip` commands that run before. */
  readonly ipCommands?: readonly string[];
  readonly host?: string;
  /** How many seconds an error of the kernel takes at most, on a busy machine, too. */
  readonly waitS?: number;
}

const ens5: NicSpec = { name: "ens5", ipv4: "10.0.0.10/24", imds: "answers" };
const ens6: NicSpec = { name: "ens6", ipv4: "10.0.1.10/24", imds: "answers" };
const best: NicSpec = { ...ens5, defaultRoute: true };
const both = [best, ens6];
const ens5v6: NicSpec = { name: "ens5", ipv6: "2600:1f14:ec2::10/64", imds: "answers" };
const ens6v6: NicSpec = { name: "ens6", ipv6: "2600:1f14:ec2:1::10/64", imds: "answers" };
const bestv6: NicSpec = { ...ens5v6, defaultRoute: true };
const host = "[fd00:ec2::254]";
const table77 = "route add 169.254.169.254 via 10.0.1.1 dev ens6 table 77";
const ruleFromAddress = [table77, "rule add from 10.0.1.10 to 169.254.169.254 lookup 77"];
const ruleForDevice = [table77, "rule add oif ens6 lookup 77"];
const prohibit = ["route add prohibit 169.254.169.254"];

/** `answers`, `times out` (after one second), or curl's error message. */
const rows: readonly (readonly [fact: string, kernel: string, row: Row])[] = [
  ["no route, rp_filter 0", "answers", { nics: [ens5], nic: "ens5", rpFilter: 0 }],
  ["no route back, rp_filter 1", "times out", { nics: [ens5], nic: "ens5", rpFilter: 1 }],
  ["no route back, rp_filter 2", "times out", { nics: [ens5], nic: "ens5", rpFilter: 2 }],
  ["rp_filter 2, and another NIC's route", "answers", { nics: both, nic: "ens6", rpFilter: 2 }],
  ["rp_filter 1, the NIC with the best route", "answers", { nics: both, nic: "ens5", rpFilter: 1 }],
  ["rp_filter 1, another NIC", "times out", { nics: both, nic: "ens6", rpFilter: 1 }],
  [
    "rp_filter 1, another NIC with a rule from its address to IMDS",
    "answers",
    { nics: both, nic: "ens6", rpFilter: 1, ipCommands: ruleFromAddress },
  ],
  [
    "rp_filter 1, another NIC with a rule for its outgoing packets",
    "times out",
    { nics: both, nic: "ens6", rpFilter: 1, ipCommands: ruleForDevice },
  ],
  [
    "IPv6 without a route through that NIC",
    "Network is unreachable",
    { nics: [bestv6, ens6v6], nic: "ens6", host },
  ],
  [
    "IPv6 with an on-link route",
    "answers",
    { nics: [ens5v6], nic: "ens5", host, ipCommands: ["route add fd00:ec2::254 dev ens5"] },
  ],
  [
    "a NIC without an address",
    "times out",
    { nics: [best, { name: "ens6", imds: "answers" }], nic: "ens6" },
  ],
  [
    "a NIC that is down",
    "Network is unreachable",
    { nics: both, nic: "ens6", ipCommands: ["link set ens6 down"] },
  ],
  [
    "unanswered ARP requests",
    "No route to host",
    { nics: [best, { ...ens6, imds: "absent" }], nic: "ens6", waitS: 60 },
  ],
  // without a bound socket, these three are "Permission denied"
  [
    "a prohibit route, rp_filter 0",
    "answers",
    { nics: [best], nic: "ens5", rpFilter: 0, ipCommands: prohibit },
  ],
  [
    "a prohibit route, rp_filter 2",
    "times out",
    { nics: [best], nic: "ens5", ipCommands: prohibit },
  ],
  [
    "a prohibit route, IPv6",
    "answers",
    { nics: [bestv6], nic: "ens5", host, ipCommands: ["route add prohibit fd00:ec2::254"] },
  ],
];

for (const [fact, kernel, row] of rows) {
  testNics(`${fact}: a request through the NIC has the result "${kernel}"`, async () => {
    await using network = await startNicNetwork(row);
    for (const command of row.ipCommands ?? []) await network.ip(...command.split(" "));
    const before = await network.state();
    const waitS = kernel === "times out" ? 1 : 60;
    expect(await curlResult(network, { waitS, ...row })).toBe(kernel);
    await expectFetch(network, row.nic, kernel === "answers");
    expect(await network.state()).toEqual(before);
  });
}

testNics("a NIC without a carrier: a request through the NIC times out", async () => {
  await using network = await startNicNetwork({ nics: both });
  await network.carrier("ens6", false);
  const before = await network.state();
  expect(await curlResult(network, { nic: "ens6" })).toBe("times out");
  await expectFetch(network, "ens6", false);
  expect(await network.state()).toEqual(before);
});

/** The result of curl for a connection through a NIC. */
async function curlResult(
  network: NicNetwork,
  row: Pick<Row, "nic" | "host" | "waitS">,
): Promise<string> {
  const { nic, host = "169.254.169.254", waitS = 1 } = row;
  const argv = ["curl", "-gsv", "-m", String(waitS), "--interface", nic, `http://${host}/`];
  const { code, stderr } = await network.run(argv);
  if (code === 0) return "answers";
  if (code === 28) return "times out";
  return /(?:Immediate connect fail for|connect to) .*: (.*)/.exec(stderr)?.[1] ?? stderr;
}

async function expectFetch(network: NicNetwork, nic: string, isAnswered: boolean): Promise<void> {
  const args = ["fetch", "instance-id", "--interface", nic];
  const limit = isAnswered ? [] : ["--timeout", "1500ms"];
  const { code, text, stderr } = await network.ec2nic([...args, ...limit]);
  const failed = { code: 69, text: "", stderr: expect.stringContaining(nic) };
  const answered = { code: 0, text: "i-0ec20000000000001\n", stderr: "" };
  expect({ code, text, stderr }).toEqual(isAnswered ? answered : failed);
}
