import { randomBytes } from "node:crypto";

/** The session tokens of IMDSv2, with their expiry times. */
export class TokenStore {
  readonly #expiryMs = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * Issues a new token. With `rejected`, the token is never valid: every GET with it is answered
   * with 401, as happens in the first seconds of some launches.
   */
  issue(ttlSeconds: number, rejected: boolean): string {
    // The same length and alphabet as a token of EC2: 56 characters of base64.
    const token = `AQAEA${randomBytes(40).toString("base64").slice(5)}`;
    if (!rejected) this.#expiryMs.set(token, this.#nowMs() + ttlSeconds * 1000);
    return token;
  }

  accepts(token: string | undefined): boolean {
    const expiryMs = token === undefined ? undefined : this.#expiryMs.get(token);
    return expiryMs !== undefined && this.#nowMs() < expiryMs;
  }

  /** Makes every token issued so far invalid. */
  expireAll(): void {
    this.#expiryMs.clear();
  }
}
