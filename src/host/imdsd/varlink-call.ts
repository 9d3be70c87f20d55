import { connect } from "node:net";
import { parseVarlinkReply, VarlinkFault, type VarlinkReply } from "./varlink-reply.ts";

export interface VarlinkCall {
  /** With its interface in front: `io.systemd.InstanceMetadata.Get`. */
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** User-data of 1 MiB in base64, and room for what is around it. */
const longestReplyBytes = 1_572_864;

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
  const reader = new FrameReader();
  socket.on("error", (error) => reject(isGone(error) ? nobodyListens() : error));
  socket.on("close", () => reject(new VarlinkFault("ECONNRESET", "the service hung up")));
  socket.on("data", (chunk: Buffer) => {
    const frame = reader.add(chunk);
    if (frame instanceof Uint8Array) resolve(frame);
    if (frame instanceof VarlinkFault) reject(frame);
  });
  try {
    socket.write(`${JSON.stringify(call)}\0`);
    return parseVarlinkReply(await promise);
  } finally {
    signal?.removeEventListener("abort", stop);
    socket.destroy();
  }
}

function nobodyListens(): VarlinkFault {
  return new VarlinkFault("ECONNREFUSED", "nobody listens");
}

/** The socket has gone since it was looked for: its unit was stopped. */
function isGone(error: Error): boolean {
  return "code" in error && error.code === "ENOENT";
}

/** Gathers a message, which a NUL ends. What comes after it was not asked for. */
class FrameReader {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  /** The message once it is whole, a fault once it is too long; null: more is to come. */
  add(chunk: Uint8Array): Uint8Array | VarlinkFault | null {
    const end = chunk.indexOf(0);
    const part = end === -1 ? chunk : chunk.subarray(0, end);
    this.#size += part.length;
    if (this.#size > longestReplyBytes) {
      return new VarlinkFault("EMSGSIZE", `the answer is larger than ${longestReplyBytes} bytes`);
    }
    this.#chunks.push(part);
    return end === -1 ? null : Buffer.concat(this.#chunks);
  }
}
