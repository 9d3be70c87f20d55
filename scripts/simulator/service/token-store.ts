import { randomBytes } from "node:crypto";

/** Session tokens of IMDSv2, and until when each is good. */
export class TokenStore {
  readonly #expiryMs = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * A token that was never given before. With `rejected`, it looks right and every GET refuses it
   * with 401, as happens in the first seconds of some launches.
   */
  issue(ttlSeconds: number, rejected: boolean): string {
    // As long, and of the same alphabet, as EC2's: 56 characters of base64.
    const token = `AQAEA${randomBytes(40).toString("base64").slice(5)}`;
    if (!rejected) this.#expiryMs.set(token, this.#nowMs() + ttlSeconds * 1000);
    return token;
  }

  accepts(token: string | undefined): boolean {
    const expiryMs = token === undefined ? undefined : this.#expiryMs.get(token);
    return expiryMs !== undefined && this.#nowMs() < expiryMs;
  }

  /** Every token given so far is wrong from now on. */
  expireAll(): void {
    this.#expiryMs.clear();
  }
}
