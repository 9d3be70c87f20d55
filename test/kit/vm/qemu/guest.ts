import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Sandbox } from "../../machine/sandbox.ts";
import { sandboxEnvironment, mustRun } from "../../machine/command.ts";
import { until } from "../../basics/until.ts";
import { type Agent, connectAgent } from "./agent.ts";
import { type Hardware, qemuArguments, type QemuFiles } from "./qemu-arguments.ts";
import { connectQmp, type Qmp } from "./qmp.ts";
import { connectUdev, type UdevStream } from "../scenario/udev-stream.ts";

/** A QEMU that runs, and the lines to it. It ends with the bench at the latest. */
export interface Guest {
  readonly qmp: Qmp;
  readonly agent: Agent;
  readonly udev: UdevStream;
  /** What the guest's console has said. */
  readonly consoleLog: string;
  /** Ends QEMU, as a power cut does: what the guest had not written to its disk is gone. */
  readonly quit: () => Promise<void>;
  /** Waits until the guest has shut itself down for a reboot, which ends QEMU. */
  readonly untilRebooting: (ask: () => Promise<unknown>) => Promise<void>;
  /** What the guest has written to its disk by now, in another file: as a power cut would leave it. */
  readonly copyDisk: (path: string) => Promise<void>;
  /** Once QEMU has ended: another one from power-on, over the same disk, or over a copy. */
  readonly startAgain: (
    hardware: Pick<Hardware, "nics" | "program">,
    disk?: string,
  ) => Promise<Guest>;
}

export interface GuestFiles extends Omit<QemuFiles, "folder" | "disk"> {
  /** What the guest's disk holds; never written to. */
  readonly backing: { readonly path: string; readonly format: "raw" | "qcow2" };
  /** Where the guest's own layer over it goes. */
  readonly disk: string;
}

/** Starts QEMU in the bench's namespaces; returns when its lines are there, long before a boot. */
export async function startGuest(
  sandbox: Sandbox,
  { backing, ...files }: GuestFiles,
  hardware: Hardware,
): Promise<Guest> {
  const layer = ["-q", "-f", "qcow2", "-b", backing.path, "-F", backing.format, files.disk];
  await mustRun(["qemu-img", "create", ...layer]);
  return runGuest(sandbox, files, hardware);
}

async function runGuest(
  sandbox: Sandbox,
  files: Omit<QemuFiles, "folder">,
  hardware: Hardware,
): Promise<Guest> {
  const folder = mkdtempSync(join(sandbox.folder, "guest-"));
  const log = Bun.file(join(folder, "qemu.log"));
  const child = Bun.spawn([...sandbox.enter(qemuArguments({ ...files, folder }, hardware))], {
    env: sandboxEnvironment,
    stdio: ["ignore", log, log],
  });
  const at = (name: string): string => join(folder, name);
  await until("QEMU has opened its doors", async () => {
    if (child.exitCode !== null)
      throw new Error(`it ended with ${child.exitCode}: ${await log.text()}`);
    return ["qmp", "agent", "events"].every((name) => existsSync(at(name)));
  });
  const qmp = await connectQmp(at("qmp"));
  if (files.state !== null) await resume(qmp);
  const [agent, udev] = await Promise.all([connectAgent(at("agent")), connectUdev(at("events"))]);
  const ended = async (ask: () => Promise<unknown>): Promise<void> => {
    await ask();
    await until("QEMU has ended", () => child.exitCode !== null, 120_000);
    for (const each of [agent, udev, qmp]) each.close();
  };
  const untilRebooting: Guest["untilRebooting"] = async (ask) => {
    await qmp.execute("set-action", { reboot: "shutdown" });
    await ended(ask);
  };
  return {
    qmp,
    agent,
    udev,
    consoleLog: at("console.log"),
    untilRebooting,
    quit: () => ended(() => qmp.execute("quit")),
    copyDisk: async (path) => {
      // it writes what it had in hand when it stops
      await qmp.execute("stop");
      await mustRun(["cp", "--sparse=always", files.disk, path]);
      await qmp.execute("cont");
    },
    startAgain: (now, disk = files.disk) =>
      runGuest(sandbox, { ...files, disk, state: null }, { ...hardware, ...now }),
  };
}

const status = v.object({ status: v.string() });

/** Lets a guest go on whose state has come in; it was stopped when that was saved. */
async function resume(qmp: Qmp): Promise<void> {
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
