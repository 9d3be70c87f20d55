import { expect, setDefaultTimeout } from "bun:test";
import { testLimitMs } from "../kit/basics/busy-machine.ts";
import { releaseFile, releaseMissing } from "../kit/release/release-files.ts";
import { runEc2nic } from "../kit/program/run-ec2nic.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(testLimitMs);

const processor = process.arch === "arm64" ? "arm64" : "x64";
const simulator = releaseFile(`ec2nic-imds-simulator-VERSION-linux-${processor}`);
const testIt = testUnless(releaseMissing(simulator));

testIt("the compiled simulator serves an IMDS with faults", async () => {
  const fault = "status,status=503,match=PUT /latest/api/token,times=1";
  const argv = [simulator, "--enis", "2", "--fault", fault];
  const child = Bun.spawn(argv, { cwd: "/", env: {}, stdio: ["ignore", "pipe", "ignore"] });
  const { value } = await child.stdout.getReader().read();
  const url = /http:\S+/.exec(new TextDecoder().decode(value))?.[0] ?? "";
  const args = ["fetch", "network/interfaces/macs/", "--json", "-v", "--endpoint", url];
  const { code, text, stderr } = await runEc2nic({ args });
  child.kill("SIGTERM");
  expect(code).toBe(0);
  expect(Object.keys(JSON.parse(text))).toHaveLength(2);
  expect(stderr).toContain("503");
  expect(await child.exited).toBe(0);
});

testIt("the compiled simulator rejects an unknown option with 64", async () => {
  const { exitCode, stderr } = Bun.spawnSync([simulator, "--bogus"], { env: {}, stderr: "pipe" });
  expect(exitCode).toBe(64);
  expect(stderr.toString()).toContain("--bogus");
});
