import type { Connection } from "./http/connection.ts";
import { serveConnection } from "./http/connection.ts";
import { control } from "./service/control.ts";
import { exchange, type Server } from "./service/exchange.ts";
import type { FaultRule } from "./faults/fault.ts";
import { FaultBook } from "./faults/fault-rules.ts";
import { Gate } from "./http/gate.ts";
import type { HttpRequest } from "./http/http-request.ts";
import type { ListenAddress } from "./http/listener.ts";
import { RateLimit } from "./faults/rate-limit.ts";
import { type LoggedRequest, RequestLog } from "./service/request-log.ts";
import type { Scenario } from "./scenario/scenario.ts";
import { sendReply } from "./http/send-reply.ts";
import { SimulatedInstance } from "./scenario/simulated-instance.ts";
import type { Simulator } from "./simulator.ts";
import { TokenStore } from "./service/token-store.ts";

export interface StartOptions {
  /** Default: one healthy instance with one ENI. */
  readonly scenario?: Scenario;
  /** Default: 127.0.0.1, any free port. */
  readonly listen?: readonly ListenAddress[];
  /**
   * The clock of everything that depends on the time (late keys, changes, tokens' ends, windows
   * of faults, the rate limit), in milliseconds; only what is felt on the wire (delays, refusals)
   * passes in real time.
   */
  readonly nowMs?: () => number;
  /** Told of each request when it is over. */
  readonly onRequest?: (request: LoggedRequest) => void;
}

/**
 * Starts an EC2 instance metadata service that does what the scenario says. Rejects with the
 * system's error where an address cannot be listened on.
 */
export async function startSimulator(options: StartOptions = {}): Promise<Simulator> {
  const { scenario = {}, listen = [{ host: "127.0.0.1", port: 0 }] } = options;
  const nowMs = options.nowMs ?? (() => performance.now());
  const parts = makeParts(scenario, nowMs, options.onRequest ?? (() => {}));
  const serve = (request: HttpRequest, connection: Connection): Promise<void> =>
    request.path.startsWith("/_simulator/")
      ? sendReply(connection.wire, control(request, simulator), { head: false, keepAlive: true })
      : exchange(request, connection, parts.server);
  const gate = new Gate(listen, (socket, number) => serveConnection(socket, number, serve));
  const simulator = simulatorOf(parts, gate);
  try {
    await gate.open();
  } catch (error) {
    await gate.stop();
    throw error;
  }
  for (const rule of scenario.faults ?? []) simulator.addFault(rule);
  return simulator;
}

interface Parts {
  readonly server: Server;
  readonly instance: SimulatedInstance;
  readonly tokens: TokenStore;
  readonly faults: FaultBook;
  readonly setLimit: (limit: RateLimit | null) => void;
  readonly nowMs: () => number;
}

function makeParts(
  scenario: Scenario,
  nowMs: () => number,
  onRequest: (request: LoggedRequest) => void,
): Parts {
  const instance = new SimulatedInstance(scenario, nowMs);
  const tokens = new TokenStore(nowMs);
  const faults = new FaultBook(nowMs);
  const startMs = nowMs();
  const { httpTokens = "required", disabled = false, rateLimit } = scenario;
  let limit = rateLimit === undefined ? null : new RateLimit(rateLimit, nowMs);
  const server: Server = {
    service: () => ({ metadata: instance.metadata, tokens, httpTokens, disabled }),
    log: new RequestLog(onRequest),
    nowMs: () => nowMs() - startMs,
    // Throttling comes first: beyond the limit a packet never reaches the service.
    takeFault: (request) => limit?.take() ?? faults.take(request),
    latencyMs: scenario.latencyMs ?? 0,
    keepAlive: scenario.keepAlive ?? true,
  };
  return { server, instance, tokens, faults, nowMs, setLimit: (next) => void (limit = next) };
}

function simulatorOf(
  { server, instance, tokens, faults, nowMs, setLimit }: Parts,
  gate: Gate,
): Simulator {
  const { log } = server;
  return {
    get url() {
      return gate.urls[0] ?? "";
    },
    get urls() {
      return gate.urls;
    },
    get requests() {
      return log.requests;
    },
    get connections() {
      return gate.accepted;
    },
    get maxConnections() {
      return gate.maxOpen;
    },
    get maxInFlight() {
      return log.maxInFlight;
    },
    get nowMs() {
      return server.nowMs();
    },
    count: (pattern) => log.count(pattern),
    attach: (spec) => instance.attach(spec),
    detach: (mac, options = {}) => instance.detach({ mac, ...options }),
    set: (path, value) => instance.set(path, value),
    remove: (path) => instance.remove(path),
    late: (path, late) => instance.metadata.delay(path, late, nowMs()),
    addFault: (rule) => addFault(rule, faults, gate),
    clearFaults: () => clearFaults({ faults, setLimit }, gate),
    setRateLimit: (spec) => setLimit(spec === null ? null : new RateLimit(spec, nowMs)),
    expireTokens: () => tokens.expireAll(),
    clearRequests: () => log.clear(),
    stop: () => gate.stop(),
    [Symbol.asyncDispose]: () => gate.stop(),
  };
}

function addFault(rule: FaultRule, faults: FaultBook, gate: Gate): void {
  if (rule.fault.kind !== "refuse") faults.add(rule);
  else gate.refuse(rule.afterMs ?? 0, rule.forMs ?? Number.POSITIVE_INFINITY);
}

async function clearFaults(
  { faults, setLimit }: Pick<Parts, "faults" | "setLimit">,
  gate: Gate,
): Promise<void> {
  faults.clear();
  setLimit(null);
  await gate.clearRefusals();
}
