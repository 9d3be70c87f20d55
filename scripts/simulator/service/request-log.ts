import type { Fault } from "../faults/fault.ts";
import { glob } from "../faults/glob.ts";

/** One request that the simulator read whole. */
export interface LoggedRequest {
  /** Since the start. */
  readonly atMs: number;
  readonly method: string;
  /** Percent-decoded, without the query. */
  readonly path: string;
  /** null while there is none: no answer yet, or none ever. */
  readonly status: number | null;
  /** What struck it; a throttled request has the fault of its throttling. */
  readonly fault: Fault["kind"] | null;
  /** The number of its connection, from 1. */
  readonly connection: number;
  /** Whether it brought a token that was good when it came. */
  readonly tokenOk: boolean;
  /** The client's address. */
  readonly from: string;
  /** As sent, names in lower case; the token too. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Lets the one who answers say how it went. */
export interface LogEntry {
  readonly noteStatus: (status: number) => void;
  readonly noteFault: (fault: Fault["kind"]) => void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The requests so far, and how many there were at once. */
export class RequestLog {
  #requests: Mutable<LoggedRequest>[] = [];
  #inFlight = 0;
  #maxInFlight = 0;
  readonly #onEnd: (request: LoggedRequest) => void;

  /** `onEnd` is told of each request when it is answered, or its connection gone. */
  constructor(onEnd: (request: LoggedRequest) => void) {
    this.#onEnd = onEnd;
  }

  get requests(): readonly LoggedRequest[] {
    return this.#requests;
  }

  /** The highest number of requests that waited for their answer at the same time. */
  get maxInFlight(): number {
    return this.#maxInFlight;
  }

  /** Notes a request for as long as `work` takes. */
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
        noteStatus: (status) => void (logged.status = status),
        noteFault: (fault) => void (logged.fault = fault),
      });
    } finally {
      this.#inFlight -= 1;
      this.#onEnd(logged);
    }
  }

  /** How many requests fit `METHOD PATH`, in which `*` is any run of characters. */
  count(pattern: string): number {
    const matches = glob(pattern);
    return this.#requests.filter(({ method, path }) => matches(`${method} ${path}`)).length;
  }

  clear(): void {
    this.#requests = [];
    this.#maxInFlight = this.#inFlight;
  }
}
