import type { Random } from "../../basics/random.ts";

/** The bytes of an answer, and what happens to the connection after it. */
export interface RawAnswer {
  readonly bytes: Uint8Array;
  /** The connection stays open, is closed or reset, or (`stall`) stays open without further bytes. */
  readonly after: "keep" | "close" | "reset" | "stall";
  /** How many bytes are sent each millisecond; null: all at once. */
  readonly drip: number | null;
}

/** An answer before it is encoded as HTTP. */
export interface PlainAnswer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: Uint8Array;
}

/** What a mutation may use besides the answer. */
export interface MutationContext {
  readonly random: Random;
  /** The URL of another host, which must get no request. */
  readonly trap: string;
  /** Other bodies of the same instance. */
  readonly others: readonly Uint8Array[];
}

export type Mutation = (answer: PlainAnswer, context: MutationContext) => RawAnswer;

/** The answer of a correct service. */
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

/** Each character as one byte, so that control characters and 8-bit text stay unchanged. */
export function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

export function contentLength({ body }: PlainAnswer): string {
  return `Content-Length: ${body.length}`;
}
