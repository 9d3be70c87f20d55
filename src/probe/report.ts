import { type ErrorReport, exitCodes, Failure, reportOf } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { describeProbe } from "./table.ts";
import { describeMs } from "../model/text.ts";
import type { ProbedKernel, ProbedNic, ProbedWay, Verdict } from "../model/probe.ts";
import type { First } from "./find-first.ts";
import type { Look } from "./probe-nics.ts";
import type { ProbeNicsOptions } from "./options.ts";
import { renderJson } from "../output/json.ts";

type Wish = Pick<ProbeNicsOptions, "first" | "json" | "plain" | "timeout" | "verbose">;

/** Tells what was seen, on stdout; gives the exit status. */
export async function reportProbe(
  host: Pick<Host, "clock" | "columns" | "log" | "print">,
  { json, plain, verbose }: Wish,
  look: Look,
): Promise<number> {
  const imds = conversationOf(look);
  const isReached = imds.endpoint !== null;
  const error = isReached ? null : reportOf(new Failure("UNAVAILABLE", "no NIC reaches imds"));
  const { nics, kernel, note } = look;
  const elapsedMs = Math.round(host.clock.now());
  const told = { nics, kernel, note, imds, error, elapsedMs };
  const columns = json || plain ? null : host.columns();
  await host.print(json ? renderProbe(told) : describeProbe(look, { verbose, columns }));
  if (error !== null) host.log.error(error.message, error.hint);
  return error?.code ?? exitCodes.OK;
}

/** Prints the name alone. Throws `UNAVAILABLE` where there is none. */
export async function reportFirst(
  host: Pick<Host, "clock" | "print" | "log">,
  { json, timeout = "60s" }: Wish,
  first: First | null,
): Promise<number> {
  host.log.waiting(null);
  if (first === null) {
    const hint = "ec2nic probe-nics says why";
    throw new Failure("UNAVAILABLE", `no NIC reaches imds within ${timeout}`, { hint });
  }
  const { nic, probe } = first;
  host.log.verbose(`${nic}: ${probe.endpoint} answers in ${describeMs(probe.read?.ms ?? 0)}`);
  const { endpoint, requests, retries } = probe;
  const elapsedMs = Math.round(host.clock.now());
  const imds = { endpoint, interface: nic, requests, retries, elapsedMs };
  const told = { nics: [], kernel: null, note: null, imds, error: null, elapsedMs };
  await host.print(json ? renderProbe(told) : `${nic}\n`);
  return exitCodes.OK;
}

function conversationOf({ nics, kernel, elapsedMs }: Look): Conversation {
  const asked = [
    ...nics.map(({ link, ways }) => ({ name: link.name, ways })),
    ...(kernel === null ? [] : [{ name: kernel.link, ways: kernel.ways }]),
  ];
  const all = asked.flatMap(({ name, ways }) => ways.map((way) => ({ name, way })));
  const best = all.find(({ way }) => way.verdict.word === "reached");
  const sum = (of: (way: ProbedWay) => number) => all.reduce((sum, { way }) => sum + of(way), 0);
  return {
    endpoint: best?.way.probe.endpoint ?? null,
    interface: best?.name ?? null,
    requests: sum(({ probe }) => probe.requests),
    retries: sum(({ probe }) => probe.retries),
    elapsedMs,
  };
}

/** How IMDS was asked: the best way that answered, and what all of them took. */
interface Conversation {
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
function renderProbe({ nics, kernel, note, imds, elapsedMs, error }: ToldProbe): string {
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
