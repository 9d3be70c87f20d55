import { expect, setDefaultTimeout } from "bun:test";
import { version } from "../../package.json";
import { networkMissing } from "../kit/netns/nic-network/missing.ts";
import { type NicNetwork, startNicNetwork } from "../kit/netns/nic-network/nic-network.ts";
import { unpackPackages } from "../kit/release/unpack-packages.ts";
import { releaseFile, releaseMissing } from "../kit/release/release-files.ts";
import { missingTool, testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(300_000);

const binary = releaseFile("ec2nic-VERSION-linux-arm64");
const simulator = releaseFile("ec2nic-imds-simulator-VERSION-linux-arm64");
const missing =
  releaseMissing(binary, simulator) ??
  missingTool("qemu-aarch64-static", "mmdebstrap") ??
  networkMissing();
const testIt = testUnless(missing);

/** The NIC with the best route is dead: only a socket bound to ens6 reaches IMDS. */
const nics = [
  { name: "ens5", ipv4: "10.0.0.10/24", imds: "swallows", defaultRoute: true },
  { name: "ens6", ipv4: "10.0.1.10/24", imds: "answers", defaultRoute: true },
] as const;

async function runOnArm64(network: NicNetwork, program: string, ...args: readonly string[]) {
  const emulator = ["qemu-aarch64-static", "-L", await unpackPackages("arm64", ["libc6"])];
  return network.run([...emulator, program, ...args], { timeoutMs: 200_000 });
}

testIt("arm64: ec2nic prints its version", async () => {
  await using network = await startNicNetwork({ nics: [] });
  const { code, stdout } = await runOnArm64(network, binary, "--version");
  expect({ code, stdout }).toEqual({ code: 0, stdout: `ec2nic ${version}\n` });
});

testIt("arm64: fetch and probe-nics use the NIC that reaches IMDS", async () => {
  await using network = await startNicNetwork({ nics });
  const { code, stdout } = await runOnArm64(network, binary, "fetch", "instance-id");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "i-0ec20000000000001\n" });
  const first = await runOnArm64(network, binary, "probe-nics", "--first");
  expect(first).toMatchObject({ code: 0, stdout: "ens6\n" });
  const all = await runOnArm64(network, binary, "probe-nics", "--json");
  const outcomes = (
    JSON.parse(all.stdout).nics as readonly { name: string; outcome: string }[]
  ).map(({ name, outcome }) => [name, outcome]);
  expect(Object.fromEntries(outcomes)).toMatchObject({ ens5: "failed", ens6: "reached" });
});

testIt("arm64: activate --dry-run prints a plan", async () => {
  await using network = await startNicNetwork({ nics });
  const args = ["activate", "--dry-run", "--json", "--backend", "networkd", "--stage", "local"];
  const { code, stdout } = await runOnArm64(network, binary, ...args);
  expect(code).toBe(0);
  const { plan } = JSON.parse(stdout);
  expect(plan.backend).toBe("networkd");
  expect(plan.write[0].content).toStartWith("# written by ec2nic");
});

testIt("arm64: the simulator prints its help", async () => {
  await using network = await startNicNetwork({ nics: [] });
  const { code, stdout } = await runOnArm64(network, simulator, "--help");
  expect(code).toBe(0);
  expect(stdout).toStartWith("ec2nic-imds-simulator: ");
});
