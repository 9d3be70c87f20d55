import { type ErrorReport, exitCodes, Failure, reportOf } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { describeProbe } from "./table.ts";
import { formatMs } from "../model/text.ts";
import type { ProbedNic, ProbedPath, Verdict } from "../model/probe.ts";
import type { FirstNic } from "./find-first.ts";
import { orderFixes } from "./rows.ts";
import type { ProbeResult } from "./probe-nics.ts";
import type { ProbeNicsOptions } from "./options.ts";
import { renderJson } from "../output/json.ts";

/** Prints the result on stdout, and returns the exit status. */
export async function reportProbe(
  host: Pick<Host, "clock" | "columns" | "log" | "print">,
  { json, plain, verbose }: Pick<ProbeNicsOptions, "json" | "plain" | "verbose">,
  probed: ProbeResult,
): Promise<number> {
  const imds = summarizeImds(probed);
  const isReached = imds.endpoint !== null;
  const error = isReached ? null : reportOf(new Failure("UNAVAILABLE", "no NIC reaches IMDS"));
  const result = { ...probed, imds, error, elapsedMs: Math.round(host.clock.now()) };
  const columns = json || plain ? null : host.columns();
  await host.print(json ? renderProbe(result) : describeProbe(probed, { verbose, columns }));
  if (error !== null) host.log.error(error.message, error.hint);
  return error?.code ?? exitCodes.OK;
}

/** Prints only the name of the NIC, or the JSON. Throws `UNAVAILABLE` if no NIC reaches IMDS. */
export async function reportFirst(
  host: Pick<Host, "clock" | "print" | "log">,
  { json, timeout = "60s" }: Pick<ProbeNicsOptions, "json" | "timeout">,
  firstNic: FirstNic | null,
): Promise<number> {
  host.log.waiting(null);
  if (firstNic === null) {
    const hint = "ec2nic probe-nics shows why";
    throw new Failure("UNAVAILABLE", `no NIC reaches IMDS within ${timeout}`, { hint });
  }
  const { nic, probe } = firstNic;
  host.log.verbose(`${nic}: ${probe.endpoint} answers in ${formatMs(probe.read?.ms ?? 0)}`);
  const { endpoint, requests, retries } = probe;
  const elapsedMs = Math.round(host.clock.now());
  const imds = { endpoint, interface: nic, requests, retries, elapsedMs };
  const result = { ...noNics, imds, error: null, elapsedMs };
  await host.print(json ? renderProbe(result) : `${nic}\n`);
  return exitCodes.OK;
}

/** The first path that reached IMDS, in order of rank, and the number of requests of all paths. */
function summarizeImds({ nics, kernel, elapsedMs }: ProbeResult) {
  const sources = [
    ...nics.map(({ link, paths }) => ({ name: link.name, paths })),
    ...(kernel === null ? [] : [{ name: kernel.link, paths: kernel.paths }]),
  ];
  const all = sources.flatMap(({ name, paths }) => paths.map((path) => ({ name, ...path })));
  const best = all.find(({ verdict }) => verdict.word === "reached");
  const sum = (key: "requests" | "retries") => all.reduce((sum, { probe }) => sum + probe[key], 0);
  return {
    endpoint: best?.probe.endpoint ?? null,
    interface: best?.name ?? null,
    requests: sum("requests"),
    retries: sum("retries"),
    elapsedMs,
  };
}

interface ProbeReport extends ProbeResult {
  readonly imds: ReturnType<typeof summarizeImds> | null;
  readonly error: ErrorReport | null;
}

const noNics = { nics: [], kernel: null, note: null };

/** What `probe-nics --json` prints. */
function renderProbe({ nics, kernel, note, imds, elapsedMs, error }: ProbeReport): string {
  return renderJson({
    command: "probe-nics",
    outcome: imds === null || imds.endpoint === null ? "failed" : "reached",
    nics: nics.map(nicJson),
    kernelRouting: kernel === null ? null : { link: kernel.link, ...pathsJson(kernel) },
    note,
    fixes: orderFixes({ nics, kernel, note }),
    plan: null,
    imds,
    elapsedMs,
    ...(error === null ? {} : { error }),
  });
}

/** What `probe-nics --json` prints if the run failed before it had a result. */
export function renderProbeFailure(error: ErrorReport, elapsedMs: number): string {
  return renderProbe({ ...noNics, imds: null, elapsedMs, error });
}

function nicJson({ link, rank, reason, paths, verdict }: ProbedNic) {
  const { mac, name, driver, busAddress, isUp, hasCarrier, addresses } = link;
  const permanent = addresses.filter(({ isTemporary }) => isTemporary !== true);
  const temporary = addresses.filter(({ isTemporary }) => isTemporary === true);
  return {
    mac,
    name,
    eni: null,
    driver,
    busAddress,
    state: isUp ? "up" : "down",
    carrier: hasCarrier,
    addresses: permanent.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    leased: temporary.map(({ address }) => address),
    rank,
    reason,
    ...pathsJson({ paths, verdict }),
  };
}

function pathsJson({ paths, verdict }: Pick<ProbedNic, "paths" | "verdict">) {
  return { outcome: verdictOutcome(verdict), verdict, endpoints: paths.map(endpointJson) };
}

function verdictOutcome({ word }: Verdict): "reached" | "failed" | "skipped" {
  if (word === "reached") return "reached";
  return word === "not-a-candidate" || word === "not-asked" ? "skipped" : "failed";
}

function endpointJson({ probe, pathFacts, verdict }: ProbedPath) {
  const { endpoint, connect, token, read } = probe;
  const latencyMs = read?.outcome === "ok" ? read.ms : null;
  return { endpoint, route: pathFacts.route, connect, token, read, latencyMs, verdict };
}
