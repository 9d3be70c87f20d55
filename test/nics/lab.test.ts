import { expect, setDefaultTimeout } from "bun:test";
import { readlinkSync } from "node:fs";
import { labMissing } from "../support/nic-lab/missing.ts";
import { type NicLab, startNicLab } from "../support/nic-lab/nic-lab.ts";
import { testUnless } from "../support/skip.ts";

setDefaultTimeout(30_000);
const testLab = testUnless(labMissing("curl"));

const ens6 = { name: "ens6", ipv4: "10.0.1.10/24", ipv6: "2600:1f14:ec2:1::10/64" } as const;
const nics = [
  { name: "ens5", ipv4: "10.0.0.10/24", imds: "swallows", defaultRoute: true },
  { ...ens6, imds: "answers", defaultRoute: true },
  { name: "ens7", ipv4: "10.0.2.10/24", imds: "absent" },
] as const;

/** curl's own words: 0 an answer, 7 not connected, 28 timed out. */
async function ask(lab: NicLab, nic: string, host: string): Promise<number> {
  const url = `http://${host}/latest/api/token`;
  const ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60";
  const put = ["-gsf", "-m", "0.5", "-X", "PUT", "-H", ttl, url];
  return (await lab.run(["curl", "--interface", nic, ...put])).code;
}

testLab("each NIC of the lab leads to what is behind it, in both families", async () => {
  await using lab = await startNicLab({ nics });
  const hosts = ["169.254.169.254", "[fd00:ec2::254]"];
  const rows = nics.flatMap(({ name }) => hosts.map((host) => ask(lab, name, host)));
  expect(await Promise.all(rows)).toEqual([28, 7, 0, 0, 28, 7]);
  expect(await lab.simulator("ens6").look("counts")).toMatchObject({ requests: 2 });
});

testLab("a cable that is pulled and a NIC that goes are back as they were", async () => {
  await using lab = await startNicLab({ nics });
  const before = await lab.state();
  await lab.carrier("ens6", false);
  expect(await lab.ip("link", "show", "ens6")).toContain("NO-CARRIER");
  await lab.carrier("ens6", true);
  await lab.unplug("ens6");
  expect((await lab.state()).addresses).not.toContain("ens6");
  await lab.plug({ ...ens6, imds: "answers", defaultRoute: true });
  expect(await ask(lab, "ens6", "169.254.169.254")).toBe(0);
  expect(await lab.state()).toEqual(before);
});

testLab("nothing of the lab is in this machine's own network, and ec2nic neither", async () => {
  await using lab = await startNicLab({ nics: [nics[1]] });
  const own = readlinkSync("/proc/self/ns/net");
  const argv = ["fetch", "--help"];
  const around = ["sh", "-c", "readlink /proc/self/ns/net", "sh"];
  const { text } = await lab.ec2nic(argv, { around });
  expect(text).toMatch(/^net:/);
  expect(text.trim()).not.toBe(own);
  expect(text).toBe((await lab.run(["readlink", "/proc/self/ns/net"])).stdout);
  expect((await lab.run(["touch", "/etc/ec2nic-was-here"])).code).not.toBe(0);
});

testLab("a lab that has ended runs nothing any more", async () => {
  const lab = await startNicLab({ nics: [] });
  await lab[Symbol.asyncDispose]();
  expect(() => lab.ec2nic(["fetch", "instance-id"])).toThrow("namespace is gone");
});
