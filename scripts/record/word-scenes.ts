import type { Scenario } from "../simulator/scenario/scenario.ts";
import { startSimulator } from "../simulator/start.ts";
import { runEc2nic } from "../../test/kit/program/run-ec2nic.ts";
import type { Scene, Shown } from "./scene.ts";

/** What the program says without a network: helps, and errors that everybody meets. */
export const wordScenes: readonly Scene[] = [
  ...["", "fetch", "activate", "probe-nics", "hotplug"].map(helpScene),
  {
    name: "errors",
    play: async () => [
      await typed("fetch instance-id --timeuot 5s"),
      await typed("activate --timeout 5"),
      await typed("fetch instance-id", { AWS_EC2_METADATA_DISABLED: "true" }),
      await typed("activate --backend netplan --metadata /run/none.json"),
    ],
  },
  { name: "fetch-again", play: playRetries },
];

async function playRetries(): Promise<readonly Shown[]> {
  const faults: Scenario["faults"] = [
    { match: "PUT *", times: 2, fault: { kind: "status", status: 503 } },
    { match: "PUT *", times: 1, fault: { kind: "token-rejected" } },
  ];
  await using simulator = await startSimulator({ scenario: { faults } });
  return [await typed(`fetch placement/region -v --endpoint ${simulator.url}`)];
}

function helpScene(command: string): Scene {
  const words = command === "" ? "--help" : `${command} --help`;
  return { name: `help-${command || "ec2nic"}`, play: async () => [await typed(words)] };
}

/** In a network of its own, where nothing is, but where IMDS is on loopback. */
async function typed(line: string, env: Readonly<Record<string, string>> = {}): Promise<Shown> {
  const run = await runEc2nic({
    args: line.split(" "),
    env,
    namespace: !line.includes("http://127.0.0.1"),
  });
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value} `);
  const said = `${run.stderr}${run.text}`;
  return { typed: `${variables.join("")}ec2nic ${line}`, said, code: run.code };
}
