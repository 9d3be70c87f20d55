import { parseFault } from "../simulator/cli/fault-argument.ts";
import { startSimulator } from "../simulator/start.ts";
import { runEc2nic } from "../../test/kit/program/run-ec2nic.ts";
import type { Scene, Shown } from "./scene.ts";

/** Scenes that need no network: help texts, and errors of usage. */
export const offlineScenes: readonly Scene[] = [
  ...["", "fetch", "activate", "probe-nics", "hotplug"].map(helpScene),
  {
    name: "errors",
    play: async () => [
      await ec2nic("fetch instance-id --timeuot 5s"),
      await ec2nic("activate --timeout 5"),
      await ec2nic("fetch instance-id", { AWS_EC2_METADATA_DISABLED: "true" }),
      await ec2nic("activate --backend netplan --metadata /run/none.json"),
    ],
  },
  { name: "fetch-again", play: playRetries },
];

/** The values of `--fault` that docs/simulator.md shows above the recording of `playRetries`. */
export const retryFaults = [
  "status,status=503,match=PUT /latest/api/token,times=2",
  "token-rejected,match=PUT /latest/api/token,times=1",
];

async function playRetries(): Promise<readonly Shown[]> {
  const scenario = { faults: retryFaults.map(parseFault) };
  await using simulator = await startSimulator({ scenario });
  return [await ec2nic(`fetch placement/region -v --endpoint ${simulator.url}`)];
}

function helpScene(command: string): Scene {
  const line = command === "" ? "--help" : `${command} --help`;
  return { name: `help-${command || "ec2nic"}`, play: async () => [await ec2nic(line)] };
}

/** Runs ec2nic in an empty network namespace, or without one where the endpoint is on loopback. */
async function ec2nic(line: string, env: Readonly<Record<string, string>> = {}): Promise<Shown> {
  const run = await runEc2nic({
    args: line.split(" "),
    env,
    namespace: !line.includes("http://127.0.0.1"),
  });
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value} `);
  const output = `${run.stderr}${run.text}`;
  return { command: `${variables.join("")}ec2nic ${line}`, output, code: run.code };
}
