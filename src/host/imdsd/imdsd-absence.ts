import { type ImdsdAnswer, type ImdsdGet, imdsdInterface } from "./imdsd-get.ts";

/**
 * Whether an answer means that there is no such key. imdsd 262.1 says so (`KeyNotFound`) only where
 * IMDS's 404 has no body; one with a body, as EC2's, comes as the same `io.systemd.System` as a 500
 * with one does (measured). So the listing of the folder above decides then, and where that does
 * not come either, the one above it. A key that is listed, and one of which nothing can be learned,
 * is not absent: trouble is never taken for an absence.
 */
export async function isAbsent(get: ImdsdGet, key: string, answer: ImdsdAnswer): Promise<boolean> {
  if (answer.kind === "value") return false;
  if (answer.name === `${imdsdInterface}.KeyNotFound`) return true;
  const [, folder, name] = /^(.*\/)([^/]+)\/?$/.exec(key) ?? [];
  if (answer.name !== "io.systemd.System" || folder === undefined || name === undefined) {
    return false;
  }
  const listing = await get(folder);
  if (listing.kind === "value") return !namesIn(listing.body).includes(name);
  return isAbsent(get, folder, listing);
}

/** As they stand in a key: percent-encoded; of `0=my-key`, as keys are listed, the number too. */
function namesIn(listing: Uint8Array): readonly string[] {
  const lines = new TextDecoder().decode(listing).split("\n");
  return lines.flatMap((line) => {
    const name = line.replace(/\/$/, "");
    return [name, name.replace(/=.*$/, "")].map(encodeURIComponent);
  });
}
