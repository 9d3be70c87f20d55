import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Bench } from "../machine/bench.ts";
import { benchEnvironment, mustRun } from "../machine/command.ts";
import { until } from "../machine/until.ts";
import { type Agent, connectAgent } from "./agent.ts";
import { type Hardware, qemuArguments, type QemuFiles } from "./qemu-arguments.ts";
import { connectQmp, type Qmp } from "./qmp.ts";
import { connectUdev, type UdevStream } from "./udev-stream.ts";

/** A QEMU that runs, and the lines to it. It ends with the bench at the latest. */
export interface Guest {
  readonly qmp: Qmp;
  readonly agent: Agent;
  readonly udev: UdevStream;
  /** What the guest's console has said. */
  readonly consoleLog: string;
  /** Ends QEMU; returns when it has ended. */
  readonly quit: () => Promise<void>;
}

export interface GuestFiles extends Omit<QemuFiles, "folder" | "disk"> {
  /** What the guest's disk holds; never written to. */
  readonly backing: { readonly path: string; readonly format: "raw" | "qcow2" };
  /** Where the guest's own layer over it goes. */
  readonly disk: string;
}

let guests = 0;

/** Starts QEMU in the bench's namespaces; returns when its lines are there, long before a boot. */
export async function startGuest(
  bench: Bench,
  files: GuestFiles,
  hardware: Hardware,
): Promise<Guest> {
  guests += 1;
  const folder = join(bench.folder, `guest-${guests}`);
  mkdirSync(folder);
  const { backing, disk } = files;
  const layer = ["-q", "-f", "qcow2", "-b", backing.path, "-F", backing.format, disk];
  await mustRun(["qemu-img", "create", ...layer]);
  const log = Bun.file(join(folder, "qemu.log"));
  const child = Bun.spawn([...bench.enter(qemuArguments({ ...files, folder }, hardware))], {
    env: benchEnvironment,
    stdio: ["ignore", log, log],
  });
  const at = (name: string): string => join(folder, name);
  await until("QEMU has opened its doors", async () => {
    if (child.exitCode !== null)
      throw new Error(`it ended with ${child.exitCode}: ${await log.text()}`);
    return ["qmp", "agent", "events"].every((name) => existsSync(at(name)));
  });
  const qmp = await connectQmp(at("qmp"));
  if (files.state !== null) await goOn(qmp);
  const [agent, udev] = await Promise.all([connectAgent(at("agent")), connectUdev(at("events"))]);
  const quit = async (): Promise<void> => {
    for (const each of [agent, udev]) each.close();
    await qmp.execute("quit");
    await child.exited;
    qmp.close();
  };
  return { qmp, agent, udev, consoleLog: at("console.log"), quit };
}

const status = v.object({ status: v.string() });

/** Lets a guest go on whose state has come in; it was stopped when that was saved. */
async function goOn(qmp: Qmp): Promise<void> {
  const isIn = async (): Promise<boolean> =>
    v.parse(status, await qmp.execute("query-status")).status === "paused";
  await until("the guest's state is in", isIn, 30_000);
  await qmp.execute("cont");
}

const migration = v.object({
  status: v.optional(v.string()),
  "error-desc": v.optional(v.string()),
});

/** Writes a guest's state to a file; the guest stands still then, and is no use but to be ended. */
export async function saveState(guest: Pick<Guest, "qmp">, path: string): Promise<void> {
  const { execute } = guest.qmp;
  await execute("stop");
  await execute("migrate-set-parameters", { "max-bandwidth": 10_000_000_000 });
  await execute("migrate", { uri: `exec:cat >'${path}'` });
  const isDone = async (): Promise<boolean> => {
    const seen = v.parse(migration, await execute("query-migrate"));
    if (seen.status === "completed") return true;
    throw new Error(`${seen.status} ${seen["error-desc"] ?? ""}`);
  };
  await until("the guest's state is saved", isDone, 60_000);
}
