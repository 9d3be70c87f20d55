import { CodedError } from "../errors.ts";
import { varlinkCall } from "./varlink.ts";

/** The bytes of a key, or the full name of an error. */
export type ImdsdAnswer =
  | { readonly kind: "value"; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly kind: "error"; readonly name: string };

/** Gets a key: a path below `latest`, with a leading slash. Throws as `varlinkCall` does. */
type ImdsdGet = (key: string) => Promise<ImdsdAnswer>;

export const imdsdInterface = "io.systemd.InstanceMetadata";

/**
 * The greatest age of a cached answer in microseconds. imdsd accepts no lower value, and its
 * default is 15 minutes. (Without its cache it would look for the right NIC at each call.)
 */
const refreshUSec = 1_000_000;

/** Makes the function that gets keys over the socket of systemd-imdsd, until `signal` is aborted. */
export function createImdsdGet(socketPath: string, signal: AbortSignal | null): ImdsdGet {
  return async (key) => {
    const parameters = { key, refreshUSec };
    const call = { method: `${imdsdInterface}.Get`, parameters };
    const reply = await varlinkCall(socketPath, call, signal);
    if (reply.kind === "error") return reply;
    return { kind: "value", body: decodeBase64(reply.parameters["data"]) };
  };
}

/** Strict: `Buffer` would skip characters that are not base64. */
function decodeBase64(data: unknown): Uint8Array<ArrayBuffer> {
  if (typeof data !== "string" || data.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(data)) {
    throw new CodedError("EBADMSG", "the answer is not base64");
  }
  return new Uint8Array(Buffer.from(data, "base64"));
}

/**
 * Whether an answer means that the key does not exist. imdsd 262.1 says so (`KeyNotFound`) only if
 * the 404 of IMDS has no body. A 404 with a body, as EC2's, gives `io.systemd.System`, as a 500 with
 * a body does (measured). Then the listing of the parent folder decides, and if that is missing too,
 * the one above it. A key that is listed, or of which nothing is known, is not absent: an error is
 * never read as absence.
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

/** Percent-encoded, as in a key. For `0=my-key`, as keys are listed, also the number alone. */
function listingNames(listing: Uint8Array): readonly string[] {
  const lines = new TextDecoder().decode(listing).split("\n");
  return lines.flatMap((line) => {
    const name = line.replace(/\/$/, "");
    return [name, name.replace(/=.*$/, "")].map(encodeURIComponent);
  });
}
