import type { Host, HttpTransport } from "../host/host.ts";
import type { ProbeStep } from "../model/way-probe.ts";
import { codesOf } from "../imds/protocol/error-codes.ts";

export interface ProbeQuestion {
  readonly url: string;
  readonly method: "GET" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  /** For everything: connect, headers, body. */
  readonly withinMs: number;
  /** The NIC, for the log; null: the kernel's own routing. */
  readonly nic: string | null;
}

export interface Exchange extends ProbeStep {
  /** Of a 200; else empty. */
  readonly body: string;
}

/** A token and an id are short: what is longer is not from IMDS. */
const capBytes = 4096;

/** One request, with what came of it as a word. Throws the reason of `stop`. */
export async function probeRequest(
  host: Pick<Host, "clock" | "log">,
  transport: HttpTransport,
  { url, method, headers, withinMs, nic }: ProbeQuestion,
  stop: AbortSignal,
): Promise<Exchange> {
  const startMs = host.clock.now();
  const late = AbortSignal.timeout(withinMs);
  const signal = AbortSignal.any([stop, late]);
  const init = { method, headers, signal, redirect: "manual" } as const;
  const { outcome, body } = await transport
    .fetch(url, init)
    .then(readAnswer)
    .catch((error: unknown) => {
      if (stop.aborted) throw stop.reason;
      return { outcome: late.aborted ? "silent" : errorWord(error), body: "" };
    });
  const ms = Math.round(host.clock.now() - startMs);
  const through = nic === null ? "" : ` through ${nic}`;
  host.log.verbose(`${method} ${url}${through}: ${outcome} (${ms} ms)`);
  return { outcome, body, ms };
}

async function readAnswer(response: Response): Promise<Pick<Exchange, "outcome" | "body">> {
  const text = await cappedText(response);
  if (response.status !== 200) return { outcome: String(response.status), body: "" };
  return text === null ? { outcome: "not-http", body: "" } : { outcome: "ok", body: text };
}

/** null: longer than it may be. A rest that is left unread would cost the connection. */
async function cappedText({ body }: Response): Promise<string | null> {
  let bytes = new Uint8Array();
  for await (const chunk of body ?? []) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length > capBytes) return null;
  }
  return new TextDecoder("latin1").decode(bytes);
}

/** errno's name, where the error or its cause has one: all else is an answer that is not HTTP. */
function errorWord(error: unknown): string {
  return codesOf(error).find((code) => /^E[A-Z]+$/.test(code)) ?? "not-http";
}
