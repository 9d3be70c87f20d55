import { expect, setDefaultTimeout } from "bun:test";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import { cloudInitLocal } from "../../kit/netns/nic-network/run-cloud-init.ts";
import { serveDhcp } from "../../kit/netns/nic-network/dhcp.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { type NicNetwork, startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { testUnless } from "../../kit/basics/skip.ts";

/**
 * cloud-init waits for IMDS for 240 s (`url_max_wait` of its DataSourceEc2). `SLOW=1` waits for its
 * end; else it is ended when it has taken twelve times what ec2nic may take.
 */
const capMs = process.env["SLOW"] === "1" ? 300_000 : 12_000;
setDefaultTimeout(2 * capMs + 600_000);
const testNics = testUnless(networkMissing("dnsmasq") ?? machineMissing("trixie"));

/** The first has the default route. */
const nic = (number: number, imds: NicSpec["imds"]): NicSpec => {
  const name = `ens${number + 5}`;
  return { name, ipv4: `10.0.${number}.10/24`, imds, defaultRoute: number === 0 };
};

testNics(
  "the first NIC is dead: how long cloud-init takes to its metadata, and ec2nic",
  async () => {
    await rootFileSystem("trixie", ["cloud-init"]);
    const healthy = await both([nic(0, "answers"), nic(1, "answers")]);
    expect(healthy).toMatchObject({ theirs: { instanceId: "i-0ec20000000000001" } });
    const dead = await both([nic(0, "swallows"), nic(1, "answers")]);
    console.table({
      "both NICs well": figures(healthy),
      "the first NIC dead": figures(dead),
    });
    console.log(dead.theirs.log.split("\n").slice(0, 8).join("\n"));
    expect(dead.oursS).toBeLessThan(1);
    expect(dead.oursS).toBeLessThan(dead.theirs.seconds);
  },
);

async function both(nics: readonly NicSpec[]) {
  await using network = await startNicNetwork({ nics });
  for (const spec of nics) await serveDhcp(network, spec);
  const oursS = await ours(network);
  return { oursS, theirs: await cloudInitLocal(network, capMs) };
}

async function ours(network: NicNetwork): Promise<number> {
  const { code, text, elapsedMs } = await network.ec2nic(["fetch", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(text)).toMatchObject({ "instance-id": "i-0ec20000000000001" });
  return Math.round(elapsedMs / 10) / 100;
}

function figures({ oursS, theirs }: Awaited<ReturnType<typeof both>>) {
  const { seconds, instanceId } = theirs;
  return {
    "ec2nic fetch --json, s": oursS,
    "cloud-init's local stage, s": seconds,
    "cloud-init has": instanceId ?? "nothing",
  };
}
