import { headBytes, textReply } from "../http/reply.ts";
import type { Wire } from "../http/wire.ts";

const block = new Uint8Array(16 * 1024).fill(0x78);

/** How much too much, and how the body's end is told. */
export interface Oversized {
  /** Default: until the client goes. */
  readonly bytes?: number;
  /** Default `length`: a Content-Length that tells the size beforehand. */
  readonly framing?: "length" | "chunked";
}

/** A 200 with a body of `bytes` letters `x`; the connection ends after it. */
export async function sendOversized(wire: Wire, oversized: Oversized): Promise<void> {
  const { bytes = Number.MAX_SAFE_INTEGER, framing = "length" } = oversized;
  const isChunked = framing === "chunked";
  const framed: Record<string, string> = isChunked
    ? { "Transfer-Encoding": "chunked" }
    : { "Content-Length": String(bytes) };
  await wire.write(headBytes(textReply(""), framed));
  for (let left = bytes; left > 0 && wire.isOpen; left -= block.length) {
    const part = block.subarray(0, Math.min(left, block.length));
    await wire.write(isChunked ? chunk(part) : part);
    // A socket that always has room would never let the other connections have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (isChunked) await wire.write(new TextEncoder().encode("0\r\n\r\n"));
  wire.end();
}

function chunk(part: Uint8Array): Uint8Array {
  const size = Buffer.from(`${part.length.toString(16)}\r\n`);
  return Buffer.concat([size, part, Buffer.from("\r\n")]);
}
