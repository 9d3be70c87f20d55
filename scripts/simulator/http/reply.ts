/** An answer before it is put on the wire. */
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

/** 200 with a text body, as every value and listing is. */
export function textReply(body: string | Uint8Array, headers: Reply["headers"] = {}): Reply {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return { status: 200, headers: { "Content-Type": "text/plain", ...headers }, body: bytes };
}

/** An error with the XHTML page that EC2 sends, which a client must not take for a value. */
export function errorReply(status: number, headers: Reply["headers"] = {}): Reply {
  const title = `${status} - ${reasonOf(status)}`;
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
 * Status line and headers, with the empty line. `framing` is how the body's end is told; a header
 * of the reply wins over one that is always there.
 */
export function headBytes(reply: Reply, framing: Reply["headers"]): Uint8Array {
  const headers = {
    Date: new Date().toUTCString(),
    Server: "EC2ws",
    ...framing,
    ...reply.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${reply.status} ${reasonOf(reply.status)}`, ...lines, "", ""];
  return new TextEncoder().encode(head.join("\r\n"));
}

function reasonOf(status: number): string {
  return reasons[status] ?? "Status";
}
