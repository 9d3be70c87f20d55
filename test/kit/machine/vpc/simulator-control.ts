import { join } from "node:path";
import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";
import type { Sandbox } from "../sandbox.ts";
import { startDaemon } from "../daemon.ts";
import { onEveryLink } from "./vpc-hosts.ts";

/** Controls the IMDS simulator of a VPC. Orders are those of the simulator's `control.ts`. */
export interface SimulatorControl {
  /** `order("fault", { fault: { kind: "hang" } })`. */
  readonly order: (name: string, body?: unknown) => Promise<unknown>;
  /** `look("counts")`, `look("requests")`. */
  readonly look: (name: string) => Promise<unknown>;
}

export async function startVpcSimulator(
  sandbox: Sandbox,
  scenario: Scenario,
): Promise<SimulatorControl> {
  const socket = join(sandbox.folder, "simulator.sock");
  const program = join(import.meta.dir, "simulator-process.ts");
  await startDaemon(sandbox, {
    argv: [process.execPath, program, socket, ...onEveryLink.imds],
    logFile: join(sandbox.folder, "simulator.log"),
    isUp: (output) => output.includes("ready\n"),
    stdin: JSON.stringify(scenario),
  });
  const ask = async (method: string, name: string, body?: unknown): Promise<unknown> => {
    const url = `http://simulator/_simulator/${name}`;
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(url, { method, unix: socket, ...sent });
    if (!response.ok) throw new Error(`${method} ${name}: ${await response.text()}`);
    return response.json();
  };
  return {
    order: (name, body) => ask("POST", name, body),
    look: (name) => ask("GET", name),
  };
}
