import { expect, setDefaultTimeout } from "bun:test";
import { machineMissing } from "../support/machine/missing.ts";
import { rootFileSystem } from "../support/machine/root-file-system.ts";
import { cloudInitLocal } from "../support/nic-lab/cloud-init.ts";
import { serveDhcp } from "../support/nic-lab/dhcp.ts";
import { labMissing } from "../support/nic-lab/missing.ts";
import { type NicLab, startNicLab } from "../support/nic-lab/nic-lab.ts";
import type { NicSpec } from "../support/nic-lab/nic-spec.ts";
import { testUnless } from "../support/skip.ts";

/**
 * cloud-init waits for IMDS for 240 s (`url_max_wait` of its DataSourceEc2). `SLOW=1` waits for its
 * end; else it is ended when it has taken twelve times what ec2nic may take.
 */
const capMs = process.env["SLOW"] === "1" ? 300_000 : 12_000;
setDefaultTimeout(2 * capMs + 600_000);
const testLab = testUnless(labMissing("dnsmasq") ?? machineMissing("trixie"));

/** The first has the default route. */
const nic = (number: number, imds: NicSpec["imds"]): NicSpec => {
  const name = `ens${number + 5}`;
  return { name, ipv4: `10.0.${number}.10/24`, imds, defaultRoute: number === 0 };
};

testLab(
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
  await using lab = await startNicLab({ nics });
  for (const spec of nics) await serveDhcp(lab, spec);
  const oursS = await ours(lab);
  return { oursS, theirs: await cloudInitLocal(lab, capMs) };
}

async function ours(lab: NicLab): Promise<number> {
  const { code, text, elapsedMs } = await lab.ec2nic(["fetch", "--json"]);
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
