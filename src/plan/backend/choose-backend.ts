import { Failure } from "../../exit.ts";
import type { BackendFacts, DaemonFacts } from "../../model/backend-facts.ts";
import { type Activation, type Backend, backends, type Stage } from "../../model/plan.ts";

type Choice = Pick<Activation, "backend" | "renderer" | "isRunning">;

interface ChosenBackend extends Choice {
  /** The facts that were considered, in order, and the conclusion. */
  readonly trace: readonly string[];
}

/**
 * Finds the backend that configures this machine's network:
 *
 * 1. netplan, if it has configuration other than ours and its renderer is installed. It generates
 *    the daemons' files, and starts networkd itself. Without configuration it is not in use.
 * 2. else the daemon that runs. Before daemons start (stage local, images), the enabled one counts.
 * 3. NetworkManager, if this is true of both daemons, because it manages every NIC by default. By
 *    contrast, networkd manages only NICs that a file names.
 *
 * A daemon that is told to leave every NIC alone is not in charge. Debian and Ubuntu tell that to
 * NetworkManager where networkd has the Ethernet NICs.
 *
 * `requested` overrides this; the trace then says which backend was found. Throws `CONFIG`, with
 * the trace in its message, if no backend is in charge and none was requested.
 */
export function chooseBackend(
  facts: BackendFacts,
  requested: Backend | "auto",
  stage: Stage,
): ChosenBackend {
  const trace = [describeNetplan(facts), ...daemons.map((each) => describeDaemon(facts, each))];
  const found = findBackendInCharge(facts, stage);
  const choice = requested === "auto" ? found : choiceFor(requested, facts);
  if (choice === null) throw noBackendFailure(trace, facts.hasSystemd);
  const reason =
    requested === "auto"
      ? describeChoice(choice, facts, stage)
      : describeRequest(requested, found, stage);
  const idleReason = findIdleReason({ ...choice, stage });
  return { ...choice, trace: [...trace, reason, ...(idleReason === null ? [] : [idleReason])] };
}

/** In order of preference. */
const daemons = ["network-manager", "networkd"] as const;
type Daemon = (typeof daemons)[number];

function findBackendInCharge(facts: BackendFacts, stage: Stage): Choice | null {
  if (isNetplanInUse(facts)) return choiceFor("netplan", facts);
  const candidates = daemons.filter((each) => !leavesAllAlone(facts, each));
  const running = candidates.find((each) => daemonFacts(facts, each).isRunning);
  const enabled = candidates.find((each) => {
    const { isInstalled, isEnabled } = daemonFacts(facts, each);
    return isInstalled && isEnabled;
  });
  // In the local stage a daemon may still run since the image was built, so `enabled` counts first.
  const backend = stage === "local" ? (enabled ?? running) : (running ?? enabled);
  return backend === undefined ? null : choiceFor(backend, facts);
}

function choiceFor(backend: Backend, facts: BackendFacts): Choice {
  if (backend === "netplan") {
    const renderer = facts.netplan.renderer ?? "networkd";
    return { backend, renderer, isRunning: rendererFacts(facts).isRunning };
  }
  return { backend, renderer: null, isRunning: daemonFacts(facts, backend).isRunning };
}

function isNetplanInUse(facts: BackendFacts): boolean {
  const { isInstalled, files } = facts.netplan;
  return isInstalled && files.length > 0 && rendererFacts(facts).isInstalled;
}

function rendererFacts(facts: BackendFacts): DaemonFacts {
  return facts.netplan.renderer === "NetworkManager" ? facts.networkManager : facts.networkd;
}

function daemonFacts(facts: BackendFacts, daemon: Daemon): DaemonFacts {
  return daemon === "networkd" ? facts.networkd : facts.networkManager;
}

function leavesAllAlone(facts: BackendFacts, daemon: Daemon): boolean {
  return daemonFacts(facts, daemon).leavesAllAlone !== undefined;
}

function describeNetplan(facts: BackendFacts): string {
  const { isInstalled, files, renderer } = facts.netplan;
  if (!isInstalled) return "netplan: not installed";
  if (files.length === 0) return "netplan: installed, with no configuration except ec2nic's";
  const by = renderer === null ? "renderer networkd by default" : `renderer ${renderer}`;
  const missing = rendererFacts(facts).isInstalled ? "" : ", which is not installed";
  return `netplan: installed, configured by ${files.join(", ")}, ${by}${missing}`;
}

function describeDaemon(facts: BackendFacts, daemon: Daemon): string {
  const { isInstalled, isEnabled, isRunning, leavesAllAlone: reason } = daemonFacts(facts, daemon);
  if (!isInstalled) return `${daemon}: not installed`;
  const state = `${isEnabled ? "enabled" : "not enabled"}, ${isRunning ? "running" : "not running"}`;
  const exception = reason === undefined ? "" : `, but it leaves every NIC alone: ${reason}`;
  return `${daemon}: ${state}${exception}`;
}

function describeChoice({ backend, renderer }: Choice, facts: BackendFacts, stage: Stage): string {
  if (renderer !== null) return `${backend} is in charge, on ${renderer}`;
  const daemon = backend === "networkd" ? backend : "network-manager";
  const { isRunning, isEnabled } = daemonFacts(facts, daemon);
  const isByRunning = stage === "network" ? isRunning : !isEnabled;
  const word = isByRunning ? "running" : "enabled";
  const both = daemons.every((each) => {
    const other = daemonFacts(facts, each);
    return (isByRunning ? other.isRunning : other.isEnabled) && !leavesAllAlone(facts, each);
  });
  if (!both) return `${backend} is in charge, because it is ${word}`;
  return `${backend} is in charge: both are ${word}, but it manages every NIC by default`;
}

function describeRequest(requested: Backend, found: Choice | null, stage: Stage): string {
  if (found?.backend === requested) return `${requested}: requested with --backend, and in charge`;
  const backendInCharge = found === null ? "no backend" : found.backend;
  return `${requested}: requested with --backend, although ${backendInCharge} is in charge (stage ${stage})`;
}

function noBackendFailure(trace: readonly string[], hasSystemd: boolean): Failure {
  const names = backends.map((backend) => `--backend ${backend}`).join(", ");
  const facts = [...trace, ...(hasSystemd ? [] : ["systemd does not run here"])].join("; ");
  return new Failure("CONFIG", `no network backend manages the NICs of this machine (${facts})`, {
    hint: `start a backend, or choose the backend for which ec2nic writes files: ${names}`,
  });
}

/**
 * Why written files have no effect: the daemon in charge does not run, although it should by now.
 * null if the daemon runs, or if it is not started yet (stage local).
 */
export function findIdleReason(choice: Pick<Activation, keyof Choice | "stage">): string | null {
  const { backend, renderer, isRunning, stage } = choice;
  if (stage === "local" || isRunning) return null;
  return `${renderer ?? backend} does not run, so only files are written`;
}
