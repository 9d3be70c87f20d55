import { exitCodes, Failure, reportOf } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { describeProbe } from "./table.ts";
import { type Conversation, renderProbe } from "./probe-json.ts";
import { describeMs } from "../model/duration.ts";
import type { ProbedWay } from "../model/probed-nic.ts";
import type { First } from "./find-first.ts";
import type { Look } from "./look-at-nics.ts";
import type { ProbeNicsOptions } from "./options.ts";

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
