import { CodedError } from "../errors.ts";
import { varlinkCall } from "./varlink.ts";

/** The value of a key, or the full name of an error. */
export type ImdsdAnswer =
  | { readonly kind: "value"; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly kind: "error"; readonly name: string };

/** Gets the value of a key: a path below `latest` with a leading slash. Throws as `varlinkCall`. */
type ImdsdGet = (key: string) => Promise<ImdsdAnswer>;

export const imdsdInterface = "io.systemd.InstanceMetadata";

/**
 * The greatest age of a cached answer in microseconds. imdsd accepts no lower value, and its
 * default is 15 minutes. (Without its cache, imdsd would look for the right NIC at each call.)
 */
const refreshUSec = 1_000_000;

/** Makes a function that gets keys over the socket of systemd-imdsd, until `signal` aborts. */
export function createImdsdGet(socketPath: string, signal: AbortSignal | null): ImdsdGet {
  return async (key) => {
    const parameters = { key, refreshUSec };
    const call = { method: `${imdsdInterface}.Get`, parameters };
    const reply = await varlinkCall(socketPath, call, signal);
    if (reply.kind === "error") return reply;
    return { kind: "value", body: decodeBase64(reply.parameters["data"]) };
  };
}

/** Decodes base64. Throws `EBADMSG` for other characters, which `Buffer` would skip. */
function decodeBase64(data: unknown): Uint8Array<ArrayBuffer> {
  if (typeof data !== "string" || data.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(data)) {
    throw new CodedError("EBADMSG", "the value is not base64");
  }
  return new Uint8Array(Buffer.from(data, "base64"));
}

/**
 * Whether an answer means that the key does not exist. imdsd 262.1 answers `KeyNotFound` only if
 * the 404 of IMDS has no body. For a 404 with a body, as EC2 sends it, it answers
 * `io.systemd.System`, as for a 500 with a body (measured). Then the listing of the parent folder
 * decides; if that is missing too, the folder above it decides. A key that is listed, or whose
 * folder cannot be listed, is not absent: an error is never read as absence.
 */
export async function isAbsent(get: ImdsdGet, key: string, answer: ImdsdAnswer): Promise<boolean> {
  if (answer.kind === "value") return false;
  if (answer.name === `${imdsdInterface}.KeyNotFound`) return true;
  const [, folder, name] = /^(.*\/)([^/]+)\/?$/.exec(key) ?? [];
  if (answer.name !== "io.systemd.System" || folder === undefined || name === undefined) {
    return false;
  }
  const listing = await get(folder);
  if (listing.kind === "value")
    return !listingNames(listing.body).includes(decodeURIComponent(name));
  return isAbsent(get, folder, listing);
}

/** The names in a listing. The entry `0=my-key` also gives `0`. */
function listingNames(listing: Uint8Array): readonly string[] {
  const lines = new TextDecoder().decode(listing).split("\n");
  return lines.flatMap((line) => {
    const name = line.replace(/\/$/, "");
    return [name, name.replace(/=.*$/, "")];
  });
}
