import type { Host, HttpTransport } from "../../../src/host/host.ts";
import type { Fault } from "../../../scripts/simulator/faults/fault.ts";
import { FaultRules } from "../../../scripts/simulator/faults/fault-rules.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { SimulatedInstance } from "../../../scripts/simulator/scenario/simulated-instance.ts";
import { answerRequest } from "../../../scripts/simulator/service/answer.ts";
import { TokenStore } from "../../../scripts/simulator/service/token-store.ts";
import { type FakeLog, fakeLog } from "../host/fake-host.ts";
import { fakeMachine } from "../host/fake-machine.ts";
import { virtualClock } from "../host/virtual-clock.ts";

interface MemoryRequest {
  readonly method: string;
  /** Percent-decoded. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly atMs: number;
  readonly fault: Fault["kind"] | null;
}

/** The simulated IMDS without a network. */
export interface MemoryImds {
  /** A host whose kernel routes to this IMDS; nothing else is on its network. */
  readonly host: Host & { readonly log: FakeLog };
  readonly transport: HttpTransport;
  readonly instance: SimulatedInstance;
  /** In the order of arrival. */
  readonly requests: readonly MemoryRequest[];
  /** How many requests have this method and a path that ends so. */
  readonly count: (method: string, end: string) => number;
  /** The highest number of requests that waited for their answer at the same time. */
  readonly maxInFlight: () => number;
}

/**
 * An IMDS in memory, whose clock stands still while requests are answered. Of the faults of a
 * scenario, those with an answer apply; each other one is a connection that is reset.
 */
export function imdsInMemory(scenario: Scenario = {}): MemoryImds {
  const clock = virtualClock();
  const instance = new SimulatedInstance(scenario, clock.now);
  const faults = new FaultRules(clock.now);
  for (const rule of scenario.faults ?? []) faults.add(rule);
  const tokens = new TokenStore(clock.now);
  const requests: MemoryRequest[] = [];
  let [inFlight, maxInFlight] = [0, 0];
  const fetch: HttpTransport["fetch"] = async (url, init) => {
    const { pathname: rawPath } = new URL(url);
    const [method, path] = [init.method ?? "GET", decodeURIComponent(rawPath)];
    const headers = new Headers(init.headers);
    const atMs = clock.now();
    inFlight += 1;
    maxInFlight = Math.max(maxInFlight, inFlight);
    await clock.sleep(scenario.latencyMs ?? 0);
    inFlight -= 1;
    const fault = faults.nextFault({ method, path });
    const request = { method, path, rawPath, headers: headers.toJSON(), keepAlive: true };
    const { metadata } = instance;
    const { httpTokens = "required", disabled = false } = scenario;
    const { proxy = false, decodeEscapes = false } = scenario;
    const correct = answerRequest(
      { ...request, body: new Uint8Array() },
      { metadata, tokens, httpTokens, disabled, proxy, decodeEscapes, startDate: new Date(0) },
      fault?.kind === "token-rejected",
    );
    const response = responseTo(fault, new Response(Buffer.from(correct.body), correct));
    const status = response?.status ?? 0;
    requests.push({ method, path, status, headers, atMs, fault: fault?.kind ?? null });
    if (response === null) throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
    return response;
  };
  const transport = { fetch, canConnect: null };
  const host = { ...fakeMachine(), clock, log: fakeLog(), http: transport };
  const count = (method: string, end: string): number =>
    requests.filter((each) => each.method === method && each.path.endsWith(end)).length;
  return { host, transport, instance, requests, count, maxInFlight: () => maxInFlight };
}

/** The answer of a request with this fault; null: none. */
function responseTo(fault: Fault | null, correct: Response): Response | null {
  if (fault === null || fault.kind === "token-rejected") return correct;
  if (fault.kind === "empty") return new Response("");
  if (fault.kind !== "status") return null;
  const { status, headers = {}, body = `${status}` } = fault;
  return new Response(body, { status, headers });
}
