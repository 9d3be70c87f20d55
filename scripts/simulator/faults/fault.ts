/** A fault, described by the bytes that the client receives. */
export type Fault =
  /** A reply with this status. Default body: EC2's error page. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The listening sockets are closed: connection refused. Open connections are reset. */
  | { readonly kind: "refuse" }
  /** The request is read, and nothing is ever sent. */
  | { readonly kind: "hang" }
  /** The headers are sent, the body is never sent. */
  | { readonly kind: "hang-headers" }
  /** The request is read, then RST. */
  | { readonly kind: "reset" }
  /** The request is read, then FIN without a byte. */
  | { readonly kind: "close" }
  /** The correct reply, `bytes` (default 1) of it every `everyMs`. */
  | { readonly kind: "slow"; readonly everyMs: number; readonly bytes?: number }
  /** The correct reply, `ms` later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Content-Length is that of the complete body, `bytes` (default: half) are sent, then FIN. */
  | { readonly kind: "cut"; readonly bytes?: number }
  /** The same with chunks: the last chunk is never sent, then FIN. */
  | { readonly kind: "cut-chunked"; readonly bytes?: number }
  /** Bytes that are not HTTP, then FIN. */
  | { readonly kind: "garbage"; readonly text?: string }
  /** 200 with a body of `bytes`, or one that never ends (the default). */
  | {
      readonly kind: "oversized";
      readonly bytes?: number;
      readonly framing?: "length" | "chunked";
    }
  /** 302, or another status, to `location`. */
  | { readonly kind: "redirect"; readonly location: string; readonly status?: number }
  /** A token is issued, and every GET with it is answered with 401. */
  | { readonly kind: "token-rejected" }
  /** 200 without a body. */
  | { readonly kind: "empty" };

/** When a fault applies. The first rule that matches a request is used, and counts it. */
export interface FaultRule {
  readonly fault: Fault;
  /** `METHOD PATH`; `*` is any run of characters. Default: every request. Not for `refuse`. */
  readonly match?: string;
  /** To how many requests it applies; default: all. Not for `refuse`. */
  readonly times?: number;
  /** How many matching requests are answered correctly before that. Not for `refuse`. */
  readonly skip?: number;
  /** When it becomes active: so long after the start, or after the rule was added. */
  readonly afterMs?: number;
  /** How long it stays active from then on; default: for ever. */
  readonly forMs?: number;
}
