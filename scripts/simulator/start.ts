import { isIPv6 } from "node:net";
import type { Connection } from "./http/connection.ts";
import { serveConnection } from "./http/connection.ts";
import { control } from "./service/control.ts";
import { handleRequest, type Server } from "./service/handle-request.ts";
import type { FaultRule } from "./faults/fault.ts";
import { FaultRules } from "./faults/fault-rules.ts";
import { TcpServer } from "./http/tcp-server.ts";
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
  /** Default: any free port of 127.0.0.1. */
  readonly listen?: readonly ListenAddress[];
  /**
   * The clock, in milliseconds, of late keys, changes, token expiry, the times of faults and the
   * rate limit. Delays and refusals of connections always use real time.
   */
  readonly nowMs?: () => number;
  /** Called for each request when it has been answered or its connection is closed. */
  readonly onRequest?: (request: LoggedRequest) => void;
}

/**
 * Starts a simulated EC2 instance metadata service for the scenario. Rejects with the system's
 * error if it cannot listen on an address.
 */
export async function startSimulator(options: StartOptions = {}): Promise<Simulator> {
  const { scenario = {}, listen = [{ host: "127.0.0.1", port: 0 }] } = options;
  const nowMs = options.nowMs ?? (() => performance.now());
  const parts = makeParts(scenario, nowMs, options.onRequest ?? (() => {}));
  const serve = (request: HttpRequest, connection: Connection): Promise<void> =>
    request.path.startsWith("/_simulator/")
      ? sendReply(connection.client, control(request, simulator), { head: false, keepAlive: true })
      : handleRequest(request, connection, parts.server);
  const addresses = scenario.httpProtocolIpv6 === "enabled" ? listen : listen.filter(isIpv4);
  const tcpServer = new TcpServer(addresses, (socket, number) =>
    serveConnection(socket, number, serve),
  );
  const simulator = createSimulator(parts, tcpServer);
  try {
    await tcpServer.open();
  } catch (error) {
    await tcpServer.stop();
    throw error;
  }
  for (const rule of scenario.faults ?? []) simulator.addFault(rule);
  return simulator;
}

function isIpv4({ host }: ListenAddress): boolean {
  return !isIPv6(host);
}

interface Parts {
  readonly server: Server;
  readonly instance: SimulatedInstance;
  readonly tokens: TokenStore;
  readonly faults: FaultRules;
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
  const faults = new FaultRules(nowMs);
  const startMs = nowMs();
  const { httpTokens = "required", disabled = false, proxy = false, rateLimit } = scenario;
  const { decodeEscapes = false } = scenario;
  const fixed = { tokens, httpTokens, disabled, proxy, decodeEscapes, startDate: new Date() };
  let limit = rateLimit === undefined ? null : new RateLimit(rateLimit, nowMs);
  const server: Server = {
    service: () => ({ metadata: instance.metadata, ...fixed }),
    log: new RequestLog(onRequest),
    nowMs: () => nowMs() - startMs,
    // The rate limit comes first: a throttled request never reaches the service.
    nextFault: (request) => limit?.nextFault() ?? faults.nextFault(request),
    latencyMs: scenario.latencyMs ?? 0,
    keepAlive: scenario.keepAlive ?? false,
  };
  return { server, instance, tokens, faults, nowMs, setLimit: (next) => void (limit = next) };
}

function createSimulator(
  { server, instance, tokens, faults, nowMs, setLimit }: Parts,
  tcpServer: TcpServer,
): Simulator {
  const { log } = server;
  return {
    get url() {
      return tcpServer.urls[0] ?? "";
    },
    get urls() {
      return tcpServer.urls;
    },
    get requests() {
      return log.requests;
    },
    get connections() {
      return tcpServer.accepted;
    },
    get maxConnections() {
      return tcpServer.maxOpen;
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
    addFault: (rule) => addFault(rule, faults, tcpServer),
    clearFaults: () => clearFaults({ faults, setLimit }, tcpServer),
    setRateLimit: (spec) => setLimit(spec === null ? null : new RateLimit(spec, nowMs)),
    expireTokens: () => tokens.expireAll(),
    clearRequests: () => log.clear(),
    stop: () => tcpServer.stop(),
    [Symbol.asyncDispose]: () => tcpServer.stop(),
  };
}

function addFault(rule: FaultRule, faults: FaultRules, tcpServer: TcpServer): void {
  if (rule.fault.kind !== "refuse") faults.add(rule);
  else tcpServer.refuse(rule.afterMs ?? 0, rule.forMs ?? Number.POSITIVE_INFINITY);
}

async function clearFaults(
  { faults, setLimit }: Pick<Parts, "faults" | "setLimit">,
  tcpServer: TcpServer,
): Promise<void> {
  faults.clear();
  setLimit(null);
  await tcpServer.clearRefusals();
}
