import { type Question, type Heard, pathOf, macsPath } from "../../eni/propagation/request.ts";
import { eniLeaves } from "../../eni/schema.ts";
import { Failure } from "../../exit.ts";
import { decodeText, leafValue, type MetadataPath } from "../../model/metadata.ts";
import type { ImdsSession } from "../session.ts";
import { parseListing } from "./listing.ts";

/**
 * Asks once. A listing comes as the names that matter, a leaf as `leafValue` has it; an empty leaf
 * is absent: its value is on the way. Throws final refusals: `CONFIG`, and what a signal ends with.
 */
export async function hear(session: Pick<ImdsSession, "look">, question: Question): Promise<Heard> {
  const path = pathOf(question);
  const asFolder = !["mac", "leaf"].includes(question.what);
  const read = async (): Promise<Heard> => {
    const answer = await session.look(path, { asFolder, mayBeEmpty: true });
    if (answer.kind === "absent") return { question, kind: "absent" };
    if (answer.kind === "trouble") {
      const { endsAs, reason, retryAfterMs, isCutByDeadline } = answer.trouble;
      const failure = new Failure(endsAs, `${path.join("/")}: ${reason}`);
      const trouble = { failure, retryAfterMs, isCutByDeadline, isSpent: false };
      return { question, kind: "trouble", ...trouble };
    }
    const value = asFolder
      ? namesIn(answer.body, path)
      : leafValue(path, textOf(answer.body, path));
    const isEmpty = !asFolder && value.length === 0;
    return isEmpty ? { question, kind: "absent" } : { question, kind: "value", value };
  };
  return read().catch((error: unknown) => {
    // no token, or no metadata: both may pass, and what is known stays known
    const isPassing = error instanceof Failure && ["UNAVAILABLE", "DATAERR"].includes(error.kind);
    if (!isPassing) throw error;
    const isSpent = error.kind === "UNAVAILABLE";
    const trouble = { retryAfterMs: null, isCutByDeadline: false, isSpent };
    return { question, kind: "trouble", failure: error, ...trouble };
  });
}

/** Of an ENI's folder only the leaves that configuration needs. */
export function namesIn(body: Uint8Array, path: MetadataPath): readonly string[] {
  const entries = parseListing(body, path);
  const isMacs = path.length === macsPath.length;
  const wanted = entries.filter(({ name, isFolder }) => {
    return isMacs || (!isFolder && eniLeaves.includes(name));
  });
  return wanted.map(({ name }) => name);
}
export function textOf(body: Uint8Array, path: MetadataPath): string {
  return decodeText(body, path).trim();
}
