/** What a Varlink service says to one call: what came of it, or the name of an error. */
export type VarlinkReply =
  | { readonly kind: "value"; readonly parameters: Readonly<Record<string, unknown>> }
  | { readonly kind: "error"; readonly name: string };

/** The conversation itself broke; `code` is one of errno(3). */
export class VarlinkFault extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * One message, without the NUL at its end. Throws a `VarlinkFault` (`EBADMSG`) where it is no
 * reply; what it holds is not repeated, for it may be a secret.
 * https://varlink.org/Method-Call
 */
export function parseVarlinkReply(message: Uint8Array): VarlinkReply {
  const reply = jsonIn(message);
  if (!isRecord(reply)) throw new VarlinkFault("EBADMSG", "the answer is no varlink");
  const { error, parameters = {} } = reply;
  if (typeof error === "string") return { kind: "error", name: error };
  // errors may be null, as every field may that is not there
  if (isRecord(parameters) && (error ?? null) === null) return { kind: "value", parameters };
  throw new VarlinkFault("EBADMSG", "the answer is no varlink");
}

function jsonIn(message: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(message));
  } catch {
    return null; // neither text nor JSON: no reply either
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
