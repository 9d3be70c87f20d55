import { Failure } from "../../exit.ts";
import type { BackendFacts, DaemonFacts } from "../../model/backend-facts.ts";
import { type Activation, type Backend, backends, type NetplanRenderer } from "../../model/plan.ts";

interface ChosenBackend {
  readonly backend: Backend;
  /** null: the backend is not netplan. */
  readonly renderer: NetplanRenderer | null;
  /** Whether the daemon in charge runs; if not, a run only writes files. */
  readonly isRunning: boolean;
  /** What was inspected, in order, and the conclusion. */
  readonly trace: readonly string[];
}

type Stage = "local" | "network";

type Choice = Omit<ChosenBackend, "trace">;

/**
 * Finds the backend that configures this machine's network:
 *
 * 1. netplan, if it has configuration other than ours and its renderer is installed: netplan
 *    generates the daemons' files and starts networkd itself. Without configuration it is installed
 *    but unused.
 * 2. the daemon that runs; before daemons start (stage local, images) the one that is enabled.
 * 3. NetworkManager, if both daemons qualify: it manages every NIC unless told otherwise, whereas
 *    networkd manages only NICs that a file names.
 *
 * `requested` overrides this; the trace then says which backend was found. Throws `CONFIG`, with the
 * trace in its message, if no backend is in charge and none was requested.
 */
export function chooseBackend(
  facts: BackendFacts,
  requested: Backend | "auto",
  stage: Stage,
): ChosenBackend {
  const trace = [
    describeNetplan(facts),
    ...daemons.map((backend) => describeDaemon(facts, backend)),
  ];
  const found = findBackendInCharge(facts, stage);
  if (requested !== "auto") {
    const chosen = choiceFor(requested, facts);
    return {
      ...chosen,
      trace: [...trace, describeRequest(requested, found, stage), ...idleReasons(chosen, stage)],
    };
  }
  if (found === null) throw noBackendFailure(trace, facts.hasSystemd);
  return {
    ...found,
    trace: [...trace, describeChoice(found, facts, stage), ...idleReasons(found, stage)],
  };
}

/** In order of preference. */
const daemons = ["network-manager", "networkd"] as const;

function findBackendInCharge(facts: BackendFacts, stage: Stage): Choice | null {
  if (isNetplanInUse(facts)) return choiceFor("netplan", facts);
  const isRunningDaemon = (backend: (typeof daemons)[number]): boolean =>
    daemonFacts(facts, backend).isRunning;
  const startsAtBoot = (backend: (typeof daemons)[number]): boolean =>
    daemonFacts(facts, backend).isInstalled && daemonFacts(facts, backend).isEnabled;
  // In the local stage a running daemon may be a leftover of the image build: enabled counts first.
  const preferences =
    stage === "local" ? [startsAtBoot, isRunningDaemon] : [isRunningDaemon, startsAtBoot];
  const candidates = preferences
    .map((matches) => daemons.find(matches))
    .filter((each) => each !== undefined);
  const [backend] = candidates;
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

function daemonFacts(facts: BackendFacts, backend: (typeof daemons)[number]): DaemonFacts {
  return backend === "networkd" ? facts.networkd : facts.networkManager;
}

function describeNetplan(facts: BackendFacts): string {
  const { isInstalled, files, renderer } = facts.netplan;
  if (!isInstalled) return "netplan: not installed";
  if (files.length === 0) return "netplan: installed, with no configuration except ec2nic's";
  const by = renderer === null ? "renderer networkd by default" : `renderer ${renderer}`;
  const missing = rendererFacts(facts).isInstalled ? "" : ", which is not installed";
  return `netplan: installed, configured by ${files.join(", ")}, ${by}${missing}`;
}

function describeDaemon(facts: BackendFacts, backend: (typeof daemons)[number]): string {
  const { isInstalled, isEnabled, isRunning } = daemonFacts(facts, backend);
  if (!isInstalled) return `${backend}: not installed`;
  return `${backend}: ${isEnabled ? "enabled" : "not enabled"}, ${isRunning ? "running" : "not running"}`;
}

function describeChoice({ backend, renderer }: Choice, facts: BackendFacts, stage: Stage): string {
  if (renderer !== null) return `${backend} is in charge, on ${renderer}`;
  const { isRunning, isEnabled } = daemonFacts(
    facts,
    backend === "networkd" ? backend : "network-manager",
  );
  const isByRunning = stage === "network" ? isRunning : !isEnabled;
  const word = isByRunning ? "running" : "enabled";
  const both = isByRunning
    ? facts.networkManager.isRunning && facts.networkd.isRunning
    : facts.networkManager.isEnabled && facts.networkd.isEnabled;
  if (!both) return `${backend} is in charge: ${word}`;
  return `${backend} is in charge: both are ${word}, and it manages every NIC by default`;
}

function describeRequest(requested: Backend, found: Choice | null, stage: Stage): string {
  if (found?.backend === requested) return `${requested}: requested with --backend, and in charge`;
  const backendInCharge = found === null ? "no backend" : found.backend;
  return `${requested}: requested with --backend, although ${backendInCharge} is in charge (stage ${stage})`;
}

function idleReasons(choice: Choice, stage: Stage): readonly string[] {
  const reason = findIdleReason({ ...choice, stage });
  return reason === null ? [] : [reason];
}

function noBackendFailure(trace: readonly string[], hasSystemd: boolean): Failure {
  const names = backends.map((backend) => `--backend ${backend}`).join(", ");
  const reason = hasSystemd ? "" : "; systemd does not run here";
  return new Failure("CONFIG", `no network backend is in charge: ${trace.join("; ")}${reason}`, {
    hint: `start one, or choose the one to write files for: ${names}`,
  });
}

/**
 * Why written files will not take effect: the daemon in charge does not run although it should by
 * now. null: it runs, or (stage local) is not started yet.
 */
export function findIdleReason({
  backend,
  renderer,
  isRunning,
  stage,
}: Pick<Activation, "backend" | "renderer" | "isRunning" | "stage">): string | null {
  if (stage === "local" || isRunning) return null;
  return `${renderer ?? backend} does not run: only files are written`;
}
