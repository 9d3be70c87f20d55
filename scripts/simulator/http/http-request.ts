/** A parsed HTTP request. */
export interface HttpRequest {
  readonly method: string;
  /** As sent, still percent-encoded, without the query. */
  readonly rawPath: string;
  /** Percent-decoded; used by the log and the fault rules. */
  readonly path: string;
  /** Names in lower case; the values of a repeated name are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly keepAlive: boolean;
}

/** `incomplete`: more bytes are needed. `bad`: not a valid request. */
export type Parsed =
  | { readonly kind: "request"; readonly request: HttpRequest; readonly rest: Uint8Array }
  | { readonly kind: "incomplete" }
  | { readonly kind: "bad" };

const maxHeadBytes = 16 * 1024;
const maxBodyBytes = 4 * 1024 * 1024;

/** Parses the first request in `bytes`: HTTP/1.0 or 1.1, with a Content-Length body or none. */
export function parseRequest(bytes: Uint8Array): Parsed {
  const headEnd = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf("\r\n\r\n");
  if (headEnd < 0) return { kind: bytes.length > maxHeadBytes ? "bad" : "incomplete" };
  const [line = "", ...lines] = new TextDecoder().decode(bytes.subarray(0, headEnd)).split("\r\n");
  const start = /^([A-Z]+) (\/[^ ]*) HTTP\/1\.([01])$/.exec(line);
  const headers = parseHeaders(lines);
  if (start === null || headers === null) return { kind: "bad" };
  const length = Number(headers["content-length"] ?? "0");
  const isSized = Number.isInteger(length) && length >= 0 && length <= maxBodyBytes;
  if (!isSized || "transfer-encoding" in headers) return { kind: "bad" };
  const bodyStart = headEnd + 4;
  if (bytes.length < bodyStart + length) return { kind: "incomplete" };
  const [, method = "", target = "", minor = ""] = start;
  const rawPath = target.split("?")[0] ?? "";
  const request: HttpRequest = {
    method,
    rawPath,
    path: decoded(rawPath),
    headers,
    body: bytes.slice(bodyStart, bodyStart + length),
    keepAlive: isKeptAlive(minor, headers["connection"]),
  };
  return { kind: "request", request, rest: bytes.slice(bodyStart + length) };
}

function parseHeaders(lines: readonly string[]): Record<string, string> | null {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const match = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (match === null) return null;
    const [, rawName = "", value = ""] = match;
    const name = rawName.toLowerCase();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}

function isKeptAlive(minor: string, connection: string | undefined): boolean {
  const option = connection?.toLowerCase();
  return minor === "1" ? option !== "close" : option === "keep-alive";
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
