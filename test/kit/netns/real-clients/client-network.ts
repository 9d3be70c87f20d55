import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";
import { firstLine } from "../../basics/first-line.ts";
import { temporaryFolder } from "../../basics/temporary-folder.ts";
import { repository } from "../../program/run-ec2nic.ts";
import { type HeldNamespace, holdNamespace } from "../held-namespace.ts";

/** One request of a client: `GET /latest/meta-data/mac 200`, with the path as it was sent. */
export type AskedLine = string;

/** A network that has only the simulator, on 169.254.169.254. */
export interface ClientNetwork extends AsyncDisposable {
  /** A folder for the files of clients, which ends with the network. */
  readonly folder: string;
  /** Runs a client with an almost empty environment. Throws with its output where it fails. */
  readonly run: (argv: readonly string[]) => Promise<ClientRun>;
}

export interface ClientRun {
  readonly stdout: string;
  readonly asked: readonly AskedLine[];
}

const imds = "169.254.169.254";

/** Starts a network namespace of its own, with the simulator of the scenario. */
export async function startClientNetwork(scenario: Scenario): Promise<ClientNetwork> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(temporaryFolder());
  const space = stack.use(await holdNamespace());
  await space.shell(`ip link set lo up; ip addr add ${imds}/32 dev lo`);
  const file = join(folder, "scenario.json");
  writeFileSync(file, JSON.stringify(scenario));
  const program = join(repository, "scripts/simulator/main.ts");
  const argv = [process.execPath, program, "--scenario", file, "--listen", `${imds}:80`];
  const simulator = Bun.spawn([...space.argv, ...argv], { stdio: ["ignore", "pipe", "inherit"] });
  stack.defer(async () => {
    simulator.kill();
    await simulator.exited;
  });
  await firstLine(simulator.stdout, "the simulator");
  const home = join(folder, "home");
  mkdirSync(home);
  const environment = ["env", "-i", "PATH=/usr/bin:/bin", `HOME=${home}`, "LC_ALL=C.UTF-8"];
  const run: ClientNetwork["run"] = async (client) => {
    await space.shell(`curl -s -d '{}' http://${imds}/_simulator/clear-requests`);
    const { code, stdout, stderr } = await space.exec([...environment, ...client]);
    if (code !== 0) throw new Error(`${client.join(" ")}: exit ${code}\n${stdout}\n${stderr}`);
    return { stdout, asked: await readRequests(space) };
  };
  const owned = stack.move();
  return { folder, run, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface LoggedLine {
  readonly method: string;
  readonly rawPath: string;
  readonly status: number | null;
}

async function readRequests(space: HeldNamespace): Promise<readonly AskedLine[]> {
  const text = await space.shell(`curl -s http://${imds}/_simulator/requests`);
  const requests = JSON.parse(text) as readonly LoggedLine[];
  return requests.map(({ method, rawPath, status }) => `${method} ${rawPath} ${status}`);
}
