import type { LoggedRequest } from "../service/request-log.ts";

/** One line of `--log`: without headers, so without the token; control characters are escaped. */
export function formatRequest(request: LoggedRequest): string {
  const { atMs, connection, from, method, path, status, fault, tokenOk } = request;
  const outcome = [status, fault === null ? null : `fault=${fault}`].filter(
    (part) => part !== null,
  );
  const token = tokenOk ? "token" : "no-token";
  const where = `${(atMs / 1000).toFixed(3)}s ${from}#${connection}`;
  return `${where} ${method} ${escaped(path)} ${token} ${outcome.join(" ") || "unanswered"}`;
}

function escaped(path: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it replaces
  return path.replace(/[\u0000-\u001f\u007f-\u009f]/g, encodeURIComponent);
}
