import type { ErrorReport } from "../exit.ts";
import type { ProbedKernel, ProbedNic, ProbedWay } from "../model/probed-nic.ts";
import type { Verdict } from "../model/verdict.ts";
import { renderJson } from "../output/json.ts";

/** How IMDS was asked: the best way that answered, and what all of them took. */
export interface Conversation {
  readonly endpoint: string | null;
  readonly interface: string | null;
  readonly requests: number;
  readonly retries: number;
  readonly elapsedMs: number;
}

interface ToldProbe {
  readonly nics: readonly ProbedNic[];
  readonly kernel: ProbedKernel | null;
  readonly note: Verdict | null;
  readonly imds: Conversation | null;
  readonly elapsedMs: number;
  readonly error: ErrorReport | null;
}

/** What `probe-nics --json` prints. */
export function renderProbe({ nics, kernel, note, imds, elapsedMs, error }: ToldProbe): string {
  return renderJson({
    command: "probe-nics",
    outcome: imds === null || imds.endpoint === null ? "failed" : "reached",
    nics: nics.map(nicJson),
    kernelRouting: kernel === null ? null : { link: kernel.link, ...waysJson(kernel) },
    note,
    plan: null,
    imds,
    elapsedMs,
    ...(error === null ? {} : { error }),
  });
}

/** The same after a failure that left nothing to tell. */
export function renderProbeFailure(error: ErrorReport, elapsedMs: number): string {
  return renderProbe({ nics: [], kernel: null, note: null, imds: null, elapsedMs, error });
}

function nicJson({ link, rank, reason, ways, verdict }: ProbedNic) {
  const { mac, name, driver, busAddress, isUp, hasCarrier, addresses } = link;
  const own = addresses.filter(({ isTemporary }) => isTemporary !== true);
  const lent = addresses.filter(({ isTemporary }) => isTemporary === true);
  return {
    mac,
    name,
    eni: null,
    driver,
    busAddress,
    state: isUp ? "up" : "down",
    carrier: hasCarrier,
    addresses: own.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    leased: lent.map(({ address }) => address),
    rank,
    reason,
    ...waysJson({ ways, verdict }),
  };
}

function waysJson({ ways, verdict }: { ways: readonly ProbedWay[]; verdict: Verdict }) {
  return { outcome: outcomeOf(verdict), verdict, endpoints: ways.map(endpointJson) };
}

function outcomeOf({ word }: Verdict): "reached" | "failed" | "skipped" {
  if (word === "reached") return "reached";
  return word === "not-a-candidate" || word === "not-asked" ? "skipped" : "failed";
}

function endpointJson({ probe, path, verdict }: ProbedWay) {
  const { endpoint, connect, token, read } = probe;
  const latencyMs = read?.outcome === "ok" ? read.ms : null;
  return { endpoint, route: path.route, connect, token, read, latencyMs, verdict };
}
