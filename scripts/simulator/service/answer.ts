import type { HttpRequest } from "../http/http-request.ts";
import { splitPath } from "../metadata/key-path.ts";
import type { Metadata } from "../metadata/metadata.ts";
import { errorReply, type Reply, textReply } from "../http/reply.ts";
import type { TokenStore } from "./token-store.ts";

/** The state that determines a reply. */
export interface Service {
  readonly metadata: Metadata;
  readonly tokens: TokenStore;
  /** `optional`: a GET without a token is also answered, as with IMDSv1. */
  readonly httpTokens: "required" | "optional";
  /** IMDS is disabled for this instance: every request is a 403. */
  readonly disabled: boolean;
}

const ttlHeader = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds";
/** Some of the dated versions that IMDS serves beside `latest`; cloud-init requests them. */
const versions = [
  "1.0",
  "2009-04-04",
  "2016-09-02",
  "2018-09-24",
  "2021-03-23",
  "2024-04-11",
  "latest",
];

/**
 * The correct reply of IMDS. With `rejectToken`, a token that is issued now is never valid.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export function answerRequest(request: HttpRequest, service: Service, rejectToken: boolean): Reply {
  if (service.disabled) return errorReply(403);
  if (request.rawPath === "/latest/api/token")
    return answerTokenRequest(request, service, rejectToken);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return errorReply(405, { Allow: "OPTIONS, GET, HEAD" });
  }
  if (!isAllowed(request, service)) return errorReply(401);
  return answerGet(request.rawPath, service.metadata);
}

/** Whether the request has a token that is valid now. */
export function hasValidToken(request: HttpRequest, tokens: TokenStore): boolean {
  return tokens.accepts(request.headers["x-aws-ec2-metadata-token"]);
}

function answerTokenRequest(request: HttpRequest, service: Service, rejectToken: boolean): Reply {
  if (request.method !== "PUT") return errorReply(405, { Allow: "OPTIONS, PUT" });
  if ("x-forwarded-for" in request.headers) return errorReply(403);
  const ttl = request.headers[ttlHeader.toLowerCase()] ?? "";
  const ttlSeconds = /^\d{1,5}$/.test(ttl) ? Number(ttl) : 0;
  if (ttlSeconds < 1 || ttlSeconds > 21600) return errorReply(400);
  const token = service.tokens.issue(ttlSeconds, rejectToken);
  return textReply(token, { [ttlHeader]: String(ttlSeconds) });
}

function isAllowed(request: HttpRequest, { tokens, httpTokens }: Service): boolean {
  const hasToken = "x-aws-ec2-metadata-token" in request.headers;
  return hasToken ? hasValidToken(request, tokens) : httpTokens === "optional";
}

function answerGet(rawPath: string, metadata: Metadata): Reply {
  const [version, ...names] = splitPath(rawPath);
  if (version === undefined) return textReply(versions.join("\n"));
  const body = versions.includes(version) ? metadata.read(names) : null;
  if (body === null) return errorReply(404);
  return textReply(body, { "Accept-Ranges": "none" });
}
