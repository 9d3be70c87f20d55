import { expect } from "bun:test";
import { missingRoot, missingTool, testUnless } from "../support/skip.ts";
import { type ProbeLab, probeLab } from "../support/probe-lab/probe-lab.ts";

const testHere = testUnless(
  missingRoot() ?? missingTool("ip", "nft", "unshare", "nsenter", "curl", "sysctl"),
);

const black =
  "nft add table inet t; nft 'add chain inet t c { type filter hook input priority 0; }'";
/** Nothing that comes in by a NIC is answered on the VPC's side. */
const blackHole = (lab: ProbeLab, nic: number) =>
  lab.far(`${black}; nft add rule inet t c iifname far${nic} tcp dport 80 drop`);

testHere("--first finds what comes up later", async () => {
  await using lab = await probeLab([5]);
  await lab.run("ip link set ens5 down");
  const first = lab.ec2nic(["probe-nics", "--first", "--timeout", "10s"]);
  await Bun.sleep(700);
  await lab.run("ip link set ens5 up");
  expect(await first).toMatchObject({ code: 0, stdout: "ens5\n" });
});

testHere("--first ends at the deadline with 69", async () => {
  await using lab = await probeLab([5]);
  await lab.run("ip link set ens5 down");
  const { code, stdout, elapsedMs } = await lab.ec2nic([
    "probe-nics",
    "--first",
    "--timeout",
    "900ms",
  ]);
  expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
  expect(elapsedMs).toBeLessThan(1300);
});

testHere("--first does not wait for what is switched off", async () => {
  await using lab = await probeLab([5]);
  await lab.order("fault", { fault: { kind: "status", status: 403 } });
  const { code, stderr, elapsedMs } = await lab.ec2nic(["probe-nics", "--first"]);
  expect({ code, stderr }).toMatchObject({ code: 69, stderr: expect.stringContaining("403") });
  expect(elapsedMs).toBeLessThan(1000);
});

testHere(
  "--first prints the NIC that answers first, and does not wait for the others",
  async () => {
    await using lab = await probeLab();
    await blackHole(lab, 5);
    const { code, stdout, elapsedMs } = await lab.ec2nic(["probe-nics", "--first"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "ens6\n" });
    expect(elapsedMs).toBeLessThan(950); // a black hole alone takes 1 s
  },
);
