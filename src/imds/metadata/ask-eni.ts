import { type EniRequest, type Observation, metadataPath } from "../../eni/propagation/request.ts";
import { Failure } from "../../exit.ts";
import { decodeText, leafValue } from "../../model/metadata.ts";
import { isTransientFailure } from "../protocol/answer.ts";
import type { ImdsSession } from "../session.ts";
import { parseListing } from "./listing.ts";
import { listEniLeaves } from "./read-enis.ts";

/**
 * Sends one request about an ENI, without a retry. For an ENI's folder it returns the names of the
 * leaves that configuration needs; for `macs/`, all names. An empty leaf counts as absent, because
 * its value is late. Throws a final refusal (`CONFIG`), and the abort reason of the run's signal.
 */
export async function observe(
  session: Pick<ImdsSession, "tryGet">,
  request: EniRequest,
): Promise<Observation> {
  return tryObserve(session, request).catch((error: unknown) => {
    // if IMDS gives no token or no metadata, this can be temporary
    if (!isTransientFailure(error)) throw error;
    const noDelay = { retryAfterMs: null, isCutByDeadline: false };
    const isOutOfRetries = error.kind === "UNAVAILABLE";
    return { request, kind: "error", failure: error, ...noDelay, isOutOfRetries };
  });
}

async function tryObserve(
  session: Pick<ImdsSession, "tryGet">,
  request: EniRequest,
): Promise<Observation> {
  const path = metadataPath(request);
  const asFolder = !["primary-mac", "primary-device", "leaf"].includes(request.target);
  const answer = await session.tryGet(path, { asFolder });
  if (answer.kind === "absent") return { request, kind: "absent" };
  if (answer.kind === "error") {
    const { endsAs, reason, retryAfterMs, isCutByDeadline } = answer.error;
    const failure = new Failure(endsAs, `${path.join("/")}: ${reason}`);
    const details = { failure, retryAfterMs, isCutByDeadline, isOutOfRetries: false };
    return { request, kind: "error", ...details };
  }
  if (asFolder) {
    const { entries } = parseListing(answer.body, path);
    const isMacs = request.target === "mac-list";
    const value = isMacs ? entries.map(({ name }) => name) : listEniLeaves(entries);
    return { request, kind: "value", value };
  }
  const value = leafValue(path, decodeText(answer.body, path).trim());
  return value.length === 0 ? { request, kind: "absent" } : { request, kind: "value", value };
}
