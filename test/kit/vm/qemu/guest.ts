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

/** A running QEMU and the connections to it. It ends with the sandbox at the latest. */
export interface Guest {
  readonly qmp: Qmp;
  readonly agent: Agent;
  readonly udev: UdevStream;
  /** The log file of the guest's console. */
  readonly consoleLog: string;
  /** Ends QEMU like a power cut: what the guest had not written to its disk is lost. */
  readonly quit: () => Promise<void>;
  /** Waits until the guest has shut down for a reboot, which ends QEMU. */
  readonly untilRebooting: (ask: () => Promise<unknown>) => Promise<void>;
  /** Copies what the guest has written to its disk so far, as a power cut would leave it. */
  readonly copyDisk: (path: string) => Promise<void>;
  /** Starts another QEMU from power-on after the end of this one, with the same disk or a copy. */
  readonly startAgain: (
    hardware: Pick<Hardware, "nics" | "program">,
    disk?: string,
  ) => Promise<Guest>;
}

export interface GuestFiles extends Omit<QemuFiles, "folder" | "disk"> {
  /** The backing file of the guest's disk; never written to. */
  readonly backing: { readonly path: string; readonly format: "raw" | "qcow2" };
  /** The path of the guest's own layer. */
  readonly disk: string;
}

/** Starts QEMU in the namespaces of the sandbox; returns when it is connected, before the boot. */
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
  await until("QEMU has opened its sockets", async () => {
    if (child.exitCode !== null)
      throw new Error(`it ended with ${child.exitCode}: ${await log.text()}`);
    return ["qmp", "agent", "events"].every((name) => existsSync(at(name)));
  });
  const qmp = await connectQmp(at("qmp"));
  if (files.state !== null) await resume(qmp);
  const [agent, udev] = await Promise.all([connectAgent(at("agent")), connectUdev(at("events"))]);
  const ended = async (ask: () => Promise<unknown>): Promise<void> => {
    await ask();
    await until("QEMU has ended", () => child.exitCode !== null, 1_200_000);
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
      // QEMU writes its cached data when the guest is stopped
      await qmp.execute("stop");
      await mustRun(["cp", "--sparse=always", files.disk, path]);
      await qmp.execute("cont");
    },
    startAgain: (now, disk = files.disk) =>
      runGuest(sandbox, { ...files, disk, state: null }, { ...hardware, ...now }),
  };
}

const status = v.object({ status: v.string() });

/** Resumes a guest whose state is restored; it was stopped when the state was saved. */
async function resume(qmp: Qmp): Promise<void> {
  const isRestored = async (): Promise<boolean> =>
    v.parse(status, await qmp.execute("query-status")).status === "paused";
  await until("the state of the guest is restored", isRestored, 300_000);
  await qmp.execute("cont");
}

const migration = v.object({
  status: v.optional(v.string()),
  "error-desc": v.optional(v.string()),
});

/** Writes the state of a guest to a file. The guest is stopped then, and must be ended. */
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
  await until("the guest's state is saved", isDone, 600_000);
}
