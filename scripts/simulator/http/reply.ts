/** A reply before it is encoded. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  302: "Found",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** 200 with a text body: the form of every value and listing. */
export function textReply(body: string | Uint8Array, headers: Reply["headers"] = {}): Reply {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return { status: 200, headers: { "Content-Type": "text/plain", ...headers }, body: bytes };
}

/** An error with the XHTML page that EC2 sends. A client must not read the page as a value. */
export function errorReply(status: number, headers: Reply["headers"] = {}): Reply {
  const title = `${status} - ${reasonPhrase(status)}`;
  const page = `<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
\t"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>${title}</title>
 </head>
 <body>
  <h1>${title}</h1>
 </body>
</html>
`;
  const body = new TextEncoder().encode(page);
  return { status, headers: { "Content-Type": "text/html", ...headers }, body };
}

/**
 * The status line, the headers and the empty line. `framing` has the headers that mark the end of
 * the body. A header of the reply replaces a default one of the same name.
 */
export function encodeHead(reply: Reply, framing: Reply["headers"]): Uint8Array {
  const headers = {
    Date: new Date().toUTCString(),
    Server: "EC2ws",
    ...framing,
    ...reply.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${reply.status} ${reasonPhrase(reply.status)}`, ...lines, "", ""];
  return new TextEncoder().encode(head.join("\r\n"));
}

function reasonPhrase(status: number): string {
  return reasons[status] ?? "Status";
}
