import { varlinkCall } from "./varlink-call.ts";
import { VarlinkFault, type VarlinkReply } from "./varlink-reply.ts";

/** A key's bytes, or the full name of the error that came instead. */
export type ImdsdAnswer =
  | { readonly kind: "value"; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly kind: "error"; readonly name: string };

/** Asks for a key: a path below `latest`, with a slash in front. Throws as `varlinkCall` does. */
export type ImdsdGet = (key: string) => Promise<ImdsdAnswer>;

export const imdsdInterface = "io.systemd.InstanceMetadata";

/**
 * Microseconds that a cached answer may be old; less than this imdsd does not take, and left to
 * itself it repeats an answer for 15 minutes. (Without its cache at all it would look for the right
 * NIC anew each time.)
 */
const refreshUSec = 1_000_000;

export function imdsdGet(socketPath: string, signal: AbortSignal | null): ImdsdGet {
  return async (key) => {
    const parameters = { key, refreshUSec };
    const call = { method: `${imdsdInterface}.Get`, parameters };
    return answerIn(await varlinkCall(socketPath, call, signal));
  };
}

function answerIn(reply: VarlinkReply): ImdsdAnswer {
  if (reply.kind === "error") return reply;
  return { kind: "value", body: bytesOf(reply.parameters["data"]) };
}

/** Strict: `Buffer` would skip over what is no base64. */
function bytesOf(data: unknown): Uint8Array<ArrayBuffer> {
  if (typeof data !== "string" || data.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(data)) {
    throw new VarlinkFault("EBADMSG", "the answer holds no base64");
  }
  return new Uint8Array(Buffer.from(data, "base64"));
}
