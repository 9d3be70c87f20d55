import * as v from "valibot";
import type { HttpRequest } from "../http/http-request.ts";
import { ParseError, parseJson } from "../scenario/parse.ts";
import { redactToken } from "./redact-token.ts";
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

type Command = (body: string, simulator: Simulator) => unknown;

/**
 * Handles the requests by which another process controls a running simulator, for example
 * `POST /_simulator/attach` with JSON or `GET /_simulator/requests`. They need no token, have no
 * faults and are not logged.
 */
export function control(request: HttpRequest, simulator: Simulator): Reply {
  const command = commands.get(`${request.method} ${request.path}`);
  if (command === undefined) return errorReply(404);
  try {
    return jsonReply(command(new TextDecoder().decode(request.body), simulator) ?? {});
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { ...textReply(`${error.message}\n`), status: 400 };
  }
}

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["GET /_simulator/requests", (_, { requests }) => requests.map(redactToken)],
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
      const rule = parseJson(v.strictObject({ path: v.string(), late: lateSchema }), body);
      late(rule.path, rule.late);
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
