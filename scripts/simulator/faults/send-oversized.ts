import { encodeHead, textReply } from "../http/reply.ts";
import type { ClientSocket } from "../http/client-socket.ts";

const block = new Uint8Array(16 * 1024).fill(0x78);

/** The size of the body, and how its end is marked. */
export interface Oversized {
  /** Default: endless, until the client closes the connection. */
  readonly bytes?: number;
  /** Default `length`: the size is in Content-Length. */
  readonly framing?: "length" | "chunked";
}

/** Sends a 200 with a body of `bytes` letters `x`, and ends the connection. */
export async function sendOversized(client: ClientSocket, oversized: Oversized): Promise<void> {
  const { bytes = Number.MAX_SAFE_INTEGER, framing = "length" } = oversized;
  const isChunked = framing === "chunked";
  const framed: Record<string, string> = isChunked
    ? { "Transfer-Encoding": "chunked" }
    : { "Content-Length": String(bytes) };
  await client.write(encodeHead(textReply(""), framed));
  for (let left = bytes; left > 0 && client.isOpen; left -= block.length) {
    const part = block.subarray(0, Math.min(left, block.length));
    await client.write(isChunked ? chunk(part) : part);
    // Yields to the other connections: a socket that always has room would starve them.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (isChunked) await client.write(new TextEncoder().encode("0\r\n\r\n"));
  client.end();
}

function chunk(part: Uint8Array): Uint8Array {
  const size = Buffer.from(`${part.length.toString(16)}\r\n`);
  return Buffer.concat([size, part, Buffer.from("\r\n")]);
}
