import type { Fault } from "../faults/fault.ts";
import { glob } from "../faults/glob.ts";

/** One request that the simulator read completely. */
export interface LoggedRequest {
  /** Milliseconds since the start. */
  readonly atMs: number;
  readonly method: string;
  /** Percent-decoded, without the query. */
  readonly path: string;
  /** As sent, without the query. */
  readonly rawPath: string;
  /** The status of the reply; null while there is no reply. */
  readonly status: number | null;
  /** The fault that applied to it; a throttled request has the kind `status` or `hang`. */
  readonly fault: Fault["kind"] | null;
  /** The number of its connection, from 1. */
  readonly connection: number;
  /** Whether it had a token that was valid on arrival. */
  readonly tokenOk: boolean;
  /** The client's address. */
  readonly from: string;
  /** As sent, including the token; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Records the outcome of a request. */
export interface LogEntry {
  readonly recordStatus: (status: number) => void;
  readonly recordFault: (fault: Fault["kind"]) => void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The requests so far, and how many were in flight at the same time. */
export class RequestLog {
  #requests: Mutable<LoggedRequest>[] = [];
  #inFlight = 0;
  #maxInFlight = 0;
  readonly #onEnd: (request: LoggedRequest) => void;

  /** `onEnd` is called for each request when it is answered or its connection is closed. */
  constructor(onEnd: (request: LoggedRequest) => void) {
    this.#onEnd = onEnd;
  }

  get requests(): readonly LoggedRequest[] {
    return this.#requests;
  }

  /** The highest number of requests that waited for their reply at the same time. */
  get maxInFlight(): number {
    return this.#maxInFlight;
  }

  /** Logs a request, and counts it as in flight until `work` ends. */
  async during(
    request: Omit<LoggedRequest, "status" | "fault">,
    work: (entry: LogEntry) => Promise<void>,
  ): Promise<void> {
    const logged: Mutable<LoggedRequest> = { ...request, status: null, fault: null };
    this.#requests.push(logged);
    this.#inFlight += 1;
    this.#maxInFlight = Math.max(this.#maxInFlight, this.#inFlight);
    try {
      await work({
        recordStatus: (status) => void (logged.status = status),
        recordFault: (fault) => void (logged.fault = fault),
      });
    } finally {
      this.#inFlight -= 1;
      this.#onEnd(logged);
    }
  }

  /** How many requests match the pattern `METHOD PATH`; `*` matches any characters. */
  count(pattern: string): number {
    const matches = glob(pattern);
    return this.#requests.filter(({ method, path }) => matches(`${method} ${path}`)).length;
  }

  clear(): void {
    this.#requests = [];
    this.#maxInFlight = this.#inFlight;
  }
}
