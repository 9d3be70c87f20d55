import { type EniRequest, type Observation, metadataPath } from "../../eni/propagation/request.ts";
import { Failure } from "../../exit.ts";
import { decodeText, leafValue } from "../../model/metadata.ts";
import { isTransientFailure } from "../protocol/answer.ts";
import type { ImdsSession } from "../session.ts";
import { parseListing } from "./listing.ts";
import { listEniLeaves } from "./read-enis.ts";

/**
 * Sends one request about an ENI, without a retry. Of an ENI's folder it gives the names of the
 * leaves that configuration needs, of `macs/` all names. An empty leaf is absent: its value is late.
 * Throws final refusals (`CONFIG`), and the reason of a signal.
 */
export async function observe(
  session: Pick<ImdsSession, "tryGet">,
  request: EniRequest,
): Promise<Observation> {
  return tryObserve(session, request).catch((error: unknown) => {
    // no token or no metadata may be temporary, and does not change what is known
    if (!isTransientFailure(error)) throw error;
    const isOutOfRetries = error.kind === "UNAVAILABLE";
    const details = { retryAfterMs: null, isCutByDeadline: false, isOutOfRetries };
    return { request, kind: "error", failure: error, ...details };
  });
}

async function tryObserve(
  session: Pick<ImdsSession, "tryGet">,
  request: EniRequest,
): Promise<Observation> {
  const path = metadataPath(request);
  const asFolder = !["primary-mac", "leaf"].includes(request.target);
  const answer = await session.tryGet(path, { asFolder, mayBeEmpty: true });
  if (answer.kind === "absent") return { request, kind: "absent" };
  if (answer.kind === "error") {
    const { endsAs, reason, retryAfterMs, isCutByDeadline } = answer.error;
    const failure = new Failure(endsAs, `${path.join("/")}: ${reason}`);
    const details = { failure, retryAfterMs, isCutByDeadline, isOutOfRetries: false };
    return { request, kind: "error", ...details };
  }
  if (asFolder) {
    const entries = parseListing(answer.body, path);
    const isMacs = request.target === "mac-list";
    const value = isMacs ? entries.map(({ name }) => name) : listEniLeaves(entries);
    return { request, kind: "value", value };
  }
  const value = leafValue(path, decodeText(answer.body, path).trim());
  return value.length === 0 ? { request, kind: "absent" } : { request, kind: "value", value };
}
