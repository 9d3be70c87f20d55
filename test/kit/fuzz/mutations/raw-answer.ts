import type { Random } from "../../basics/random.ts";

/** An answer as it goes over the wire, and what becomes of the connection after it. */
export interface RawAnswer {
  readonly bytes: Uint8Array;
  /** `keep`: it stays open; `close`, `reset`: it goes; `stall`: open, and nothing more is said. */
  readonly after: "keep" | "close" | "reset" | "stall";
  /** So many bytes at a time, a millisecond apart; null: all at once. */
  readonly drip: number | null;
}

/** An answer before it is written down. */
export interface PlainAnswer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: Uint8Array;
}

/** What a mutation may use beside the answer itself. */
export interface MutationContext {
  readonly random: Random;
  /** Another host, to which no request must ever come. */
  readonly trap: string;
  /** Other bodies of the same instance. */
  readonly others: readonly Uint8Array[];
}

export type Mutation = (answer: PlainAnswer, context: MutationContext) => RawAnswer;

/** What a service that is all right would send. */
export function correctAnswer({ status, body }: PlainAnswer): RawAnswer {
  return rawAnswer(`HTTP/1.1 ${status} X`, [`Content-Length: ${body.length}`], body);
}

export function rawAnswer(
  statusLine: string,
  headers: readonly string[],
  body: string | Uint8Array = "",
  rest: Partial<Omit<RawAnswer, "bytes">> = {},
): RawAnswer {
  const head = [statusLine, ...headers, "", ""].join("\r\n");
  const bytes = Buffer.concat([latin1(head), typeof body === "string" ? latin1(body) : body]);
  return { bytes, after: "keep", drip: null, ...rest };
}

/** Each character as the byte of its number: control characters and 8-bit text stay what they are. */
export function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

export function contentLength({ body }: PlainAnswer): string {
  return `Content-Length: ${body.length}`;
}
