import { connect } from "node:net";

interface VarlinkCall {
  /** With its interface in front: `io.systemd.InstanceMetadata.Get`. */
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** User-data of 1 MiB in base64, and room for what is around it. */
const maxReplyBytes = 1_572_864;

/**
 * One call over a connection of its own, which is closed whatever comes of it. Throws the reason of
 * `signal`, the error of connect(2) (`ECONNREFUSED` without a socket, too), or a `VarlinkFault`: `ECONNRESET` where the service hangs up,
 * `EMSGSIZE` where it says too much, `EBADMSG` where it speaks something else.
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
  socket.on("error", (error) => reject(isSocketMissing(error) ? connectionRefused() : error));
  socket.on("close", () => reject(new VarlinkError("ECONNRESET", "the service hung up")));
  socket.on("data", (chunk: Buffer) => {
    const message = reader.add(chunk);
    if (message instanceof Uint8Array) resolve(message);
    if (message instanceof VarlinkError) reject(message);
  });
  try {
    socket.write(`${JSON.stringify(call)}\0`);
    return parseVarlinkReply(await promise);
  } finally {
    signal?.removeEventListener("abort", stop);
    socket.destroy();
  }
}

function connectionRefused(): VarlinkError {
  return new VarlinkError("ECONNREFUSED", "nobody listens");
}

/** The socket has gone since it was looked for: its unit was stopped. */
function isSocketMissing(error: Error): boolean {
  return "code" in error && error.code === "ENOENT";
}

/** Gathers a message, which a NUL ends. What comes after it was not asked for. */
class MessageReader {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  /** The message once it is whole, a fault once it is too long; null: more is to come. */
  add(chunk: Uint8Array): Uint8Array | VarlinkError | null {
    const end = chunk.indexOf(0);
    const part = end === -1 ? chunk : chunk.subarray(0, end);
    this.#size += part.length;
    if (this.#size > maxReplyBytes) {
      return new VarlinkError("EMSGSIZE", `the answer is larger than ${maxReplyBytes} bytes`);
    }
    this.#chunks.push(part);
    return end === -1 ? null : Buffer.concat(this.#chunks);
  }
}

/** What a Varlink service says to one call: what came of it, or the name of an error. */
export type VarlinkReply =
  | { readonly kind: "value"; readonly parameters: Readonly<Record<string, unknown>> }
  | { readonly kind: "error"; readonly name: string };

/** The conversation itself broke; `code` is one of errno(3). */
export class VarlinkError extends Error {
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
function parseVarlinkReply(message: Uint8Array): VarlinkReply {
  const reply = parseJson(message);
  if (!isRecord(reply)) throw new VarlinkError("EBADMSG", "the answer is no varlink");
  const { error, parameters = {} } = reply;
  if (typeof error === "string") return { kind: "error", name: error };
  // errors may be null, as every field may that is not there
  if (isRecord(parameters) && (error ?? null) === null) return { kind: "value", parameters };
  throw new VarlinkError("EBADMSG", "the answer is no varlink");
}

function parseJson(message: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(message));
  } catch {
    return null; // neither text nor JSON: no reply either
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
