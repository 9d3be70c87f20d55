import { connect } from "node:net";
import { CodedError, errorCode } from "../errors.ts";

interface VarlinkCall {
  /** The full name, with the interface: `io.systemd.InstanceMetadata.Get`. */
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The reply to a call: parameters, or the name of an error. */
export type VarlinkReply =
  | { readonly kind: "value"; readonly parameters: Readonly<Record<string, unknown>> }
  | { readonly kind: "error"; readonly name: string };

/** Enough for user-data of 1 MiB in base64 and the rest of the message. */
const maxReplyBytes = 1_572_864;

/**
 * Sends one call over a new connection, and closes that. Throws the reason of `signal` if it
 * aborts, or an error with a code of errno(3): that of connect(2) (`ECONNREFUSED` also if the
 * socket has been removed), `ECONNRESET` if the service closes the connection, `EMSGSIZE` if the
 * reply is too large, `EBADMSG` if the reply is not Varlink.
 */
export async function varlinkCall(
  socketPath: string,
  call: VarlinkCall,
  signal: AbortSignal | null,
): Promise<VarlinkReply> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const socket = connect({ path: socketPath });
  const stop = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", stop);
  const reader = new MessageReader();
  socket.on("error", (error) => {
    const isRemoved = errorCode(error) === "ENOENT"; // the socket's unit was stopped
    reject(isRemoved ? new CodedError("ECONNREFUSED", "no process listens on the socket") : error);
  });
  socket.on("close", () => reject(new CodedError("ECONNRESET", "closed by the service")));
  socket.on("data", (chunk: Buffer) => {
    const message = reader.add(chunk);
    if (message instanceof Uint8Array) resolve(message);
    if (message instanceof CodedError) reject(message);
  });
  try {
    socket.write(`${JSON.stringify(call)}\0`);
    return parseVarlinkReply(await promise);
  } finally {
    signal?.removeEventListener("abort", stop);
    socket.destroy();
  }
}

/** Collects one message, which ends with a NUL. Bytes after the NUL are ignored. */
class MessageReader {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  /** The message if it is complete, an error if it is too large; null if more bytes must follow. */
  add(chunk: Uint8Array): Uint8Array | CodedError | null {
    const end = chunk.indexOf(0);
    const part = end === -1 ? chunk : chunk.subarray(0, end);
    this.#size += part.length;
    if (this.#size > maxReplyBytes) {
      return new CodedError("EMSGSIZE", `the reply is larger than ${maxReplyBytes} bytes`);
    }
    this.#chunks.push(part);
    return end === -1 ? null : Buffer.concat(this.#chunks);
  }
}

/**
 * Parses one message, without its NUL. Throws `EBADMSG` if the message is not a reply. The error
 * does not quote the message, which may contain a secret. https://varlink.org/Method-Call
 */
function parseVarlinkReply(message: Uint8Array): VarlinkReply {
  const { error, parameters = {} } = parseRecord(message) ?? { error: false };
  if (typeof error === "string") return { kind: "error", name: error };
  // some services send null for absent fields
  if (isRecord(parameters) && (error ?? null) === null) return { kind: "value", parameters };
  throw new CodedError("EBADMSG", "the message is not a Varlink reply");
}

/** The JSON object in a message; null if it contains anything else. */
function parseRecord(message: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(message));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
