import type { Command } from "../../../src/cli/command.ts";
import hotplug from "../../../src/commands/hotplug.ts";
import { reportOf } from "../../../src/exit.ts";
import type { Host } from "../../../src/host/host.ts";
import { virtualClock } from "../host/virtual-clock.ts";
import { fakeFiles, type FakeFiles, fakeLog } from "../host/fake-host.ts";
import { fakeMachine } from "../host/fake-machine.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { SimulatedInstance } from "../../../scripts/simulator/scenario/simulated-instance.ts";

interface Options {
  readonly scenario?: Scenario;
  readonly env?: Readonly<Record<string, string>>;
  /** Replaces an answer of IMDS; null: the answer is unchanged. May throw. */
  readonly fault?: (path: string, atMs: number) => Response | null;
  /** Changes the machine; called after each wait. */
  readonly change?: (disk: FakeFiles["there"], atMs: number) => void;
}

/** The files of a link in sysfs: plain Ethernet, or with the folder of another kind (`bridge`). */
export function linkFiles(name: string, mac: string, folder = "queues"): Record<string, string> {
  const path = `/sys/class/net/${name}`;
  return {
    [`/sys/devices/virtual/net/${name}/uevent`]: "",
    [`${path}/type`]: "1\n",
    [`${path}/flags`]: "0x1003\n",
    [`${path}/address`]: `${mac}\n`,
    [`${path}/${folder}/x`]: "",
  };
}

/** Adds files to the disk of a machine. */
export function addFiles(disk: FakeFiles["there"], link: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(link)) {
    disk.set(path, { content: new TextEncoder().encode(text), mode: 0o444 });
  }
}

/** The MACs of ens5, the primary, and of ens6. */
export const primaryMac = "06:ec:2a:00:00:00";
export const secondMac = "06:ec:2a:00:00:01";

/** `commandMachine` for `hotplug`. */
export function hotplugMachine(options: Options = {}) {
  return commandMachine(hotplug, options);
}

/** A machine in memory with two NICs and networkd, which does not run yet. Only waits advance its clock. */
export function commandMachine(command: Command, options: Options = {}) {
  const files = fakeFiles({
    ...linkFiles("ens5", primaryMac),
    ...linkFiles("ens6", secondMac),
  });
  const clock = virtualClock();
  const scenario = options.scenario ?? { enis: [{ device: 0 }, { device: 1 }] };
  const instance = new SimulatedInstance(scenario, clock.now);
  const requestedPaths: string[] = [];
  const sleep: typeof clock.sleep = async (ms, signal) => {
    await clock.sleep(ms, signal);
    options.change?.(files.there, clock.now());
  };
  const fetch = async (url: string): Promise<Response> => {
    const { pathname } = new URL(url);
    const path = decodeURIComponent(pathname)
      .replace(/^\/latest\//, "")
      .replace(/\/$/, "");
    requestedPaths.push(path);
    const faulty = options.fault?.(path, clock.now()) ?? null;
    if (faulty !== null) return faulty;
    if (path === "api/token") return new Response("T0KEN==");
    const body = instance.metadata.read(path.split("/"));
    return body === null ? new Response("", { status: 404 }) : new Response(body);
  };
  /** Runs the command with these arguments and changes of the host. */
  const runAs = async (hostChanges: Partial<Host>, ...args: readonly string[]) => {
    const startMs = clock.now(); // the clock of a run starts at 0
    const log = fakeLog();
    const hints: string[] = [];
    const printed: string[] = [];
    const host: Host = {
      ...fakeMachine(),
      files,
      clock: { ...clock, sleep, now: () => clock.now() - startMs },
      log: {
        ...log,
        error: (message, hint) => {
          log.error(message);
          hints.push(hint ?? "");
        },
      },
      http: { fetch, canConnect: null },
      exec: async ([program]) => {
        const isThere = program === "ip";
        return { code: isThere ? 0 : 127, isStarted: isThere, stdout: "", stderr: "" };
      },
      env: options.env ?? {},
      print: async (data) => void printed.push(String(data)),
      ...hostChanges,
    };
    const failed = (error: unknown): number => {
      const report = reportOf(error);
      host.log.error(report.message, report.hint);
      const flags = { json: args.includes("--json"), "dry-run": args.includes("--dry-run") };
      printed.push(command.onFailure(flags, report, { elapsedMs: 0, error }));
      return report.code;
    };
    const go = async (): Promise<number> => {
      const all = [...args, ...defaultFlags(args)];
      return command.start(host, all);
    };
    const code = await go().catch(failed);
    const messages = log.lines.filter((line) => !line.startsWith("verbose: "));
    const all = { lines: log.lines, waits: log.waits, hints };
    return { code, text: printed.join(""), messages, ...all, ms: clock.now() - startMs };
  };
  const run = (...args: readonly string[]) => runAs({}, ...args);
  return { run, runAs, disk: files.there, files, requestedPaths, clock, fetch };
}

function defaultFlags(args: readonly string[]): readonly string[] {
  const isPlanning = !args.some((arg) => /^--(?:(?:un)?install|from-dhcp)$/.test(arg));
  const endpoint = args.includes("--endpoint") ? [] : ["--endpoint", "http://127.0.0.1:1"];
  const stage = args.includes("--stage") ? [] : ["--stage", "local"];
  return isPlanning ? [...endpoint, "--backend", "networkd", ...stage] : [];
}
