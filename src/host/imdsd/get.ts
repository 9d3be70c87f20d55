import { varlinkCall, VarlinkError, type VarlinkReply } from "./varlink.ts";

/** A key's bytes, or the full name of the error that came instead. */
export type ImdsdAnswer =
  | { readonly kind: "value"; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly kind: "error"; readonly name: string };

/** Asks for a key: a path below `latest`, with a slash in front. Throws as `varlinkCall` does. */
type ImdsdGet = (key: string) => Promise<ImdsdAnswer>;

export const imdsdInterface = "io.systemd.InstanceMetadata";

/**
 * Microseconds that a cached answer may be old; less than this imdsd does not take, and left to
 * itself it repeats an answer for 15 minutes. (Without its cache at all it would look for the right
 * NIC anew each time.)
 */
const refreshUSec = 1_000_000;

export function createImdsdGet(socketPath: string, signal: AbortSignal | null): ImdsdGet {
  return async (key) => {
    const parameters = { key, refreshUSec };
    const call = { method: `${imdsdInterface}.Get`, parameters };
    return parseAnswer(await varlinkCall(socketPath, call, signal));
  };
}

function parseAnswer(reply: VarlinkReply): ImdsdAnswer {
  if (reply.kind === "error") return reply;
  return { kind: "value", body: decodeBase64(reply.parameters["data"]) };
}

/** Strict: `Buffer` would skip over what is no base64. */
function decodeBase64(data: unknown): Uint8Array<ArrayBuffer> {
  if (typeof data !== "string" || data.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(data)) {
    throw new VarlinkError("EBADMSG", "the answer holds no base64");
  }
  return new Uint8Array(Buffer.from(data, "base64"));
}

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
  if (listing.kind === "value") return !listingNames(listing.body).includes(name);
  return isAbsent(get, folder, listing);
}

/** As they stand in a key: percent-encoded; of `0=my-key`, as keys are listed, the number too. */
function listingNames(listing: Uint8Array): readonly string[] {
  const lines = new TextDecoder().decode(listing).split("\n");
  return lines.flatMap((line) => {
    const name = line.replace(/\/$/, "");
    return [name, name.replace(/=.*$/, "")].map(encodeURIComponent);
  });
}
