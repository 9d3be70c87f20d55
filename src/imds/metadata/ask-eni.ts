import { type EniRequest, type Observation, metadataPath } from "../../eni/propagation/request.ts";
import { eniLeafNames, macsPath } from "../../eni/schema.ts";
import { Failure } from "../../exit.ts";
import { decodeText, leafValue, type MetadataPath } from "../../model/metadata.ts";
import type { ImdsSession } from "../session.ts";
import { parseListing } from "./listing.ts";

/**
 * Asks once. A listing comes as the names that matter, a leaf as `leafValue` has it; an empty leaf
 * is absent: its value is on the way. Throws final refusals: `CONFIG`, and what a signal ends with.
 */
export async function observe(
  session: Pick<ImdsSession, "tryGet">,
  request: EniRequest,
): Promise<Observation> {
  const path = metadataPath(request);
  const asFolder = !["primary-mac", "leaf"].includes(request.target);
  const read = async (): Promise<Observation> => {
    const answer = await session.tryGet(path, { asFolder, mayBeEmpty: true });
    if (answer.kind === "absent") return { request, kind: "absent" };
    if (answer.kind === "error") {
      const { endsAs, reason, retryAfterMs, isCutByDeadline } = answer.error;
      const failure = new Failure(endsAs, `${path.join("/")}: ${reason}`);
      const details = { failure, retryAfterMs, isCutByDeadline, isOutOfRetries: false };
      return { request, kind: "error", ...details };
    }
    const value = asFolder
      ? namesIn(answer.body, path)
      : leafValue(path, textOf(answer.body, path));
    const isEmpty = !asFolder && value.length === 0;
    return isEmpty ? { request, kind: "absent" } : { request, kind: "value", value };
  };
  return read().catch((error: unknown) => {
    // no token, or no metadata: both may pass, and what is known stays known
    const isTransient = error instanceof Failure && ["UNAVAILABLE", "DATAERR"].includes(error.kind);
    if (!isTransient) throw error;
    const isOutOfRetries = error.kind === "UNAVAILABLE";
    const details = { retryAfterMs: null, isCutByDeadline: false, isOutOfRetries };
    return { request, kind: "error", failure: error, ...details };
  });
}

/** Of an ENI's folder only the leaves that configuration needs. */
export function namesIn(body: Uint8Array, path: MetadataPath): readonly string[] {
  const entries = parseListing(body, path);
  const isMacs = path.length === macsPath.length;
  const relevant = entries.filter(({ name, isFolder }) => {
    return isMacs || (!isFolder && eniLeafNames.includes(name));
  });
  return relevant.map(({ name }) => name);
}
export function textOf(body: Uint8Array, path: MetadataPath): string {
  return decodeText(body, path).trim();
}
