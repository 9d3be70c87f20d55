/** What goes wrong, exactly as it looks on the wire. */
export type Fault =
  /** An answer with this status; the body is EC2's error page unless one is given. */
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
  /** The headers are sent, the body never. */
  | { readonly kind: "hang-headers" }
  /** The request is read, then RST. */
  | { readonly kind: "reset" }
  /** The request is read, then FIN without a byte. */
  | { readonly kind: "close" }
  /** The right answer, `bytes` (default 1) of it every `everyMs`. */
  | { readonly kind: "slow"; readonly everyMs: number; readonly bytes?: number }
  /** The right answer, `ms` later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Content-Length says the whole, `bytes` (default: half) are sent, then FIN. */
  | { readonly kind: "cut"; readonly bytes?: number }
  /** The same with chunks: the last chunk never comes, then FIN. */
  | { readonly kind: "cut-chunked"; readonly bytes?: number }
  /** Bytes that are not HTTP, then FIN. */
  | { readonly kind: "garbage"; readonly text?: string }
  /** 200 with a body of `bytes`, or one that never ends (the default). */
  | {
      readonly kind: "oversized";
      readonly bytes?: number;
      readonly framing?: "length" | "chunked";
    }
  /** 302 to another place. */
  | { readonly kind: "redirect"; readonly location: string; readonly status?: number }
  /** A token is given, and every GET that brings it is a 401. */
  | { readonly kind: "token-rejected" }
  /** 200 without a body. */
  | { readonly kind: "empty" };

/** When a fault strikes: the first rule that fits a request wins, and is used up by it. */
export interface FaultRule {
  readonly fault: Fault;
  /** `METHOD PATH`; `*` is any run of characters. Default: every request. Not for `refuse`. */
  readonly match?: string;
  /** How many requests it strikes; default: all. Not for `refuse`. */
  readonly times?: number;
  /** How many fitting requests it lets pass before. Not for `refuse`. */
  readonly skip?: number;
  /** Its window: from so long after the start, or after it was added… */
  readonly afterMs?: number;
  /** …for so long; default: for ever. */
  readonly forMs?: number;
}
