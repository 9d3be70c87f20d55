/**
 * What one look at one way came to: a NIC, or the kernel's own routing, and an endpoint. The steps
 * follow each other: what was not come to is null.
 */
export interface WayProbe {
  readonly endpoint: string;
  readonly connect: ProbeStep | null;
  /** `PUT /latest/api/token` */
  readonly token: ProbeStep | null;
  /** `GET /latest/meta-data/instance-id`, with that token. */
  readonly read: ProbeStep | null;
  /** After a silent PUT: a GET with a token that is worth nothing. A service in sight says 401. */
  readonly worthless: ProbeStep | null;
  readonly requests: number;
  readonly retries: number;
}

export interface ProbeStep {
  /**
   * `ok`; an errno (`ETIMEDOUT`); a status (`403`); `silent`: connected, and no whole answer;
   * `not-http`; `no-token`: 200, and what came with it is none.
   */
  readonly outcome: string;
  readonly ms: number;
}

/** IMDS answered with metadata. */
export function isReached({ read }: Pick<WayProbe, "read">): boolean {
  return read?.outcome === "ok";
}

/** A way that nothing was sent over. */
export function unprobed(endpoint: string): WayProbe {
  const nothing = { connect: null, token: null, read: null, worthless: null };
  return { endpoint, ...nothing, requests: 0, retries: 0 };
}
