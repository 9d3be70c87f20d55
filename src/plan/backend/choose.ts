import { Failure } from "../../exit.ts";
import type { BackendFacts, DaemonFacts } from "../../model/backend-facts.ts";
import { type Activation, type Backend, backends, type NetplanRenderer } from "../../model/plan.ts";

interface ChosenBackend {
  readonly backend: Backend;
  /** null: the backend is not netplan. */
  readonly renderer: NetplanRenderer | null;
  /** The daemon in charge answers; otherwise files are all there is to do. */
  readonly isRunning: boolean;
  /** What was looked at, in order, and what came of it. */
  readonly trace: readonly string[];
}

type Stage = "local" | "network";

type Verdict = Omit<ChosenBackend, "trace">;

/**
 * Who is in charge of the network here:
 *
 * 1. netplan, where it has configuration of somebody's and its renderer is there: it makes the
 *    daemons' files, and starts networkd by itself. Without any it is a program that lies about.
 * 2. the daemon that runs; before the daemons are started (stage local, images) the one that will be.
 * 3. of two such daemons NetworkManager: it takes every NIC that nobody has told it to leave, and
 *    networkd only those that a file names.
 *
 * A wish counts more than all that; the trace says where it goes against it. Throws `CONFIG` where
 * nobody is in charge, with the trace in its message.
 */
export function chooseBackend(
  facts: BackendFacts,
  wish: Backend | "auto",
  stage: Stage,
): ChosenBackend {
  const trace = [aboutNetplan(facts), ...daemons.map((backend) => aboutDaemon(facts, backend))];
  const found = inCharge(facts, stage);
  if (wish !== "auto") {
    const chosen = verdictFor(wish, facts);
    return { ...chosen, trace: [...trace, whyWish(wish, found, stage), ...idle(chosen, stage)] };
  }
  if (found === null) throw nobody(trace, facts.hasSystemd);
  return { ...found, trace: [...trace, whyChosen(found, facts, stage), ...idle(found, stage)] };
}

/** In the order in which they are preferred. */
const daemons = ["network-manager", "networkd"] as const;

function inCharge(facts: BackendFacts, stage: Stage): Verdict | null {
  if (hasNetplan(facts)) return verdictFor("netplan", facts);
  const isUp = (backend: (typeof daemons)[number]): boolean => daemonOf(facts, backend).isRunning;
  const willBe = (backend: (typeof daemons)[number]): boolean =>
    daemonOf(facts, backend).isInstalled && daemonOf(facts, backend).isEnabled;
  // In the local stage what runs now may only be somebody's leftover; then what is enabled counts.
  const orders = stage === "local" ? [willBe, isUp] : [isUp, willBe];
  const candidates = orders.map((isIt) => daemons.find(isIt)).filter((each) => each !== undefined);
  const [backend] = candidates;
  return backend === undefined ? null : verdictFor(backend, facts);
}

function verdictFor(backend: Backend, facts: BackendFacts): Verdict {
  if (backend === "netplan") {
    const renderer = facts.netplan.renderer ?? "networkd";
    return { backend, renderer, isRunning: rendererOf(facts).isRunning };
  }
  return { backend, renderer: null, isRunning: daemonOf(facts, backend).isRunning };
}

function hasNetplan(facts: BackendFacts): boolean {
  const { isInstalled, files } = facts.netplan;
  return isInstalled && files.length > 0 && rendererOf(facts).isInstalled;
}

function rendererOf(facts: BackendFacts): DaemonFacts {
  return facts.netplan.renderer === "NetworkManager" ? facts.networkManager : facts.networkd;
}

function daemonOf(facts: BackendFacts, backend: (typeof daemons)[number]): DaemonFacts {
  return backend === "networkd" ? facts.networkd : facts.networkManager;
}

function aboutNetplan(facts: BackendFacts): string {
  const { isInstalled, files, renderer } = facts.netplan;
  if (!isInstalled) return "netplan: not installed";
  if (files.length === 0) return "netplan: installed, without any configuration but ours";
  const by = renderer === null ? "renderer networkd by default" : `renderer ${renderer}`;
  const missing = rendererOf(facts).isInstalled ? "" : ", which is not installed";
  return `netplan: installed, configured by ${files.join(", ")}, ${by}${missing}`;
}

function aboutDaemon(facts: BackendFacts, backend: (typeof daemons)[number]): string {
  const { isInstalled, isEnabled, isRunning } = daemonOf(facts, backend);
  if (!isInstalled) return `${backend}: not installed`;
  return `${backend}: ${isEnabled ? "enabled" : "not enabled"}, ${isRunning ? "running" : "not running"}`;
}

function whyChosen({ backend, renderer }: Verdict, facts: BackendFacts, stage: Stage): string {
  if (renderer !== null) return `${backend} is in charge, on ${renderer}`;
  const { isRunning, isEnabled } = daemonOf(
    facts,
    backend === "networkd" ? backend : "network-manager",
  );
  const isByRunning = stage === "network" ? isRunning : !isEnabled;
  const word = isByRunning ? "running" : "enabled";
  const both = isByRunning
    ? facts.networkManager.isRunning && facts.networkd.isRunning
    : facts.networkManager.isEnabled && facts.networkd.isEnabled;
  if (!both) return `${backend} is in charge: ${word}`;
  return `${backend} is in charge: both are ${word}, and it takes every NIC without being asked`;
}

function whyWish(wish: Backend, found: Verdict | null, stage: Stage): string {
  if (found?.backend === wish) return `${wish}: as --backend says, and it is in charge`;
  const who = found === null ? "nobody" : found.backend;
  return `${wish}: as --backend says, though ${who} is in charge (stage ${stage})`;
}

function idle(verdict: Verdict, stage: Stage): readonly string[] {
  const why = whyIdle({ ...verdict, stage });
  return why === null ? [] : [why];
}

function nobody(trace: readonly string[], hasSystemd: boolean): Failure {
  const names = backends.map((backend) => `--backend ${backend}`).join(", ");
  const why = hasSystemd ? "" : "; systemd does not run here";
  return new Failure("CONFIG", `no network backend is in charge: ${trace.join("; ")}${why}`, {
    hint: `start one, or name the one to write for: ${names}`,
  });
}

/**
 * Why nothing that is written will take effect: the daemon in charge does not run, where it should
 * by now. null: it does, or it is still to be started.
 */
export function whyIdle({
  backend,
  renderer,
  isRunning,
  stage,
}: Pick<Activation, "backend" | "renderer" | "isRunning" | "stage">): string | null {
  if (stage === "local" || isRunning) return null;
  return `${renderer ?? backend} does not run: files only`;
}
