import type { HttpRequest } from "../http/http-request.ts";
import { hasNeedlessEscape, splitPath } from "../metadata/key-path.ts";
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
  /** A proxy adds `X-Forwarded-For` to every request. */
  readonly proxy: boolean;
  /** `%3A` in a path is read as `:`. Whether EC2 does this is unknown, so by default it is a 404. */
  readonly decodeEscapes: boolean;
  /** The date in `Last-Modified`. */
  readonly startDate: Date;
}

const ttlHeader = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds";
/**
 * The versions that EC2 lists at `/`. cloud-init requests 2018-09-24 and later ones, Ignition
 * 2019-10-01, afterburn 2021-01-03, Bottlerocket 2021-07-15. All of them have the same content here.
 */
const versions = [
  "1.0",
  "2007-01-19",
  "2007-03-01",
  "2007-08-29",
  "2007-10-10",
  "2007-12-15",
  "2008-02-01",
  "2008-09-01",
  "2009-04-04",
  "2011-01-01",
  "2011-05-01",
  "2012-01-12",
  "2014-02-25",
  "2014-11-05",
  "2015-10-20",
  "2016-04-19",
  "2016-06-30",
  "2016-09-02",
  "2018-03-28",
  "2018-08-17",
  "2018-09-24",
  "2019-10-01",
  "2020-10-27",
  "2021-01-03",
  "2021-03-23",
  "2021-07-15",
  "2022-09-24",
  "2024-04-11",
  "latest",
];

/**
 * The correct reply of IMDS. With `rejectToken`, a token that is issued now is never valid.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export function answerRequest(request: HttpRequest, service: Service, rejectToken: boolean): Reply {
  // kube2iam #270: IMDS answers 403 to every request that a proxy has marked
  const isProxied = service.proxy || "x-forwarded-for" in request.headers;
  if (service.disabled || isProxied) return errorReply(403);
  if (request.rawPath === "/latest/api/token")
    return answerTokenRequest(request, service, rejectToken);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return errorReply(405, { Allow: "OPTIONS, GET, HEAD" });
  }
  if (!isAllowed(request, service)) return errorReply(401);
  return answerGet(request.rawPath, service);
}

/** Whether the request has a token that is valid now. */
export function hasValidToken(request: HttpRequest, tokens: TokenStore): boolean {
  return tokens.accepts(request.headers["x-aws-ec2-metadata-token"]);
}

function answerTokenRequest(request: HttpRequest, service: Service, rejectToken: boolean): Reply {
  if (request.method !== "PUT") return errorReply(405, { Allow: "OPTIONS, PUT" });
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

/** The headers of a value are those that titus-executor #633 shows. */
function answerGet(rawPath: string, { metadata, decodeEscapes, startDate }: Service): Reply {
  const [version, ...names] = splitPath(rawPath);
  const headers = { "Accept-Ranges": "none", "Last-Modified": startDate.toUTCString() };
  if (version === undefined) return textReply(versions.join("\n"), headers);
  const isRead = versions.includes(version) && (decodeEscapes || !hasNeedlessEscape(rawPath));
  const body = isRead ? metadata.read(names) : null;
  return body === null ? errorReply(404) : textReply(body, headers);
}
