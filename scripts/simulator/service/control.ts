import * as v from "valibot";
import type { HttpRequest } from "../http/http-request.ts";
import { Misfit, parseJson } from "../scenario/parse.ts";
import { redacted } from "./redacted.ts";
import { errorReply, type Reply, textReply } from "../http/reply.ts";
import {
  detachSchema,
  eniSchema,
  faultRuleSchema,
  lateSchema,
  rateLimitSchema,
  removeSchema,
  setSchema,
} from "../scenario/scenario-schema.ts";
import type { Simulator } from "../simulator.ts";

type Order = (body: string, simulator: Simulator) => unknown;

/**
 * The channel by which another process changes a running simulator: `POST /_simulator/attach` and
 * so on with JSON, `GET /_simulator/requests`. No token, no faults, not in the log.
 */
export function control(request: HttpRequest, simulator: Simulator): Reply {
  const order = orders.get(`${request.method} ${request.path}`);
  if (order === undefined) return errorReply(404);
  try {
    return jsonReply(order(new TextDecoder().decode(request.body), simulator) ?? {});
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return { ...textReply(`${error.message}\n`), status: 400 };
  }
}

const orders: ReadonlyMap<string, Order> = new Map<string, Order>([
  ["GET /_simulator/requests", (_, { requests }) => requests.map(redacted)],
  [
    "GET /_simulator/counts",
    (_, { nowMs, requests, connections, maxConnections, maxInFlight }) => {
      return { nowMs, requests: requests.length, connections, maxConnections, maxInFlight };
    },
  ],
  ["POST /_simulator/attach", (body, { attach }) => attach(parseJson(eniSchema, body))],
  [
    "POST /_simulator/detach",
    (body, { detach }) => {
      const { mac, ...options } = parseJson(detachSchema, body);
      detach(mac, options);
    },
  ],
  [
    "POST /_simulator/set",
    (body, { set }) => {
      const { path, value } = parseJson(setSchema, body);
      set(path, value);
    },
  ],
  [
    "POST /_simulator/remove",
    (body, { remove }) => ({ removed: remove(parseJson(removeSchema, body).path) }),
  ],
  [
    "POST /_simulator/late",
    (body, { late }) => {
      const order = parseJson(v.strictObject({ path: v.string(), late: lateSchema }), body);
      late(order.path, order.late);
    },
  ],
  ["POST /_simulator/fault", (body, { addFault }) => addFault(parseJson(faultRuleSchema, body))],
  ["POST /_simulator/clear-faults", (_, { clearFaults }) => void clearFaults()],
  [
    "POST /_simulator/rate-limit",
    (body, { setRateLimit }) => setRateLimit(parseJson(v.nullable(rateLimitSchema), body)),
  ],
  ["POST /_simulator/expire-tokens", (_, { expireTokens }) => expireTokens()],
  ["POST /_simulator/clear-requests", (_, { clearRequests }) => clearRequests()],
]);

function jsonReply(value: unknown): Reply {
  return textReply(`${JSON.stringify(value)}\n`, { "Content-Type": "application/json" });
}
