import { expect } from "bun:test";
import { join } from "node:path";
import { findRunFaults } from "../kit/fuzz/run-faults.ts";
import { runPlan } from "../kit/fuzz/run-plan.ts";
import { networkMissing } from "../kit/netns/nic-network/missing.ts";
import { startNicNetwork } from "../kit/netns/nic-network/nic-network.ts";
import { repository } from "../kit/program/run-ec2nic.ts";
import { seededRuns } from "../kit/basics/seed.ts";
import { testUnless } from "../kit/basics/skip.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

const runs = Number(process.env["RUNS"] ?? 25);
const [url, nic, mac] = ["http://169.254.169.254", "ens5", "06:ec:2a:00:00:00"];
const script = join(repository, "test/kit/fuzz/fuzz-service-process.ts");

testUnless(networkMissing())(`${runs} runs through a real NIC show no defect`, async () => {
  await using network = await startNicNetwork({
    nics: [{ name: nic, mac, ipv4: "10.0.0.10/24", imds: "absent", defaultRoute: true }],
  });
  using root = temporaryFolder();
  await network.far(nic, ["ip", "address", "add", "169.254.169.254/32", "dev", "lo"]);
  const service = Bun.spawn([...network.farArgv(nic, [process.execPath, script, url, nic, mac])], {
    stdin: "pipe",
    stdout: "pipe",
  });
  const reader = service.stdout.getReader();
  const readOutput = async (): Promise<string> =>
    new TextDecoder().decode((await reader.read()).value);
  expect(await readOutput()).toBe("listening\n");
  const { seed } = seededRuns(1);
  const faults: string[] = [];
  const codes: Record<string, number> = {};
  for (let at = seed; at < seed + runs; at += 1) {
    const plan = runPlan(at, { root: root.path, macs: [mac], nic, url });
    const result = await network.ec2nic(plan.args);
    const name = `${plan.args[0]} ${result.code}`;
    codes[name] = (codes[name] ?? 0) + 1;
    faults.push(...findRunFaults(result, plan).map((fault) => `run ${at}: ${fault}`));
  }
  await service.stdin.end();
  const rest = await readOutput();
  if (process.env["RUNS"] !== undefined) console.log(codes);
  expect({ faults, rest }).toEqual({ faults: [], rest: "" });
});
