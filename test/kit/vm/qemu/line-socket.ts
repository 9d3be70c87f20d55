import { connect } from "node:net";

/** A Unix socket for lines in both directions. */
export interface LineSocket {
  readonly send: (line: string) => void;
  readonly close: () => void;
}

/** Connects to a Unix socket. Throws where no process listens; later errors are ignored. */
export function lineSocket(path: string, onLine: (line: string) => void): Promise<LineSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<LineSocket>();
  const socket = connect({ path });
  const decoder = new TextDecoder();
  let rest = "";
  socket.on("error", reject);
  socket.on("data", (chunk: Uint8Array) => {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  socket.on("connect", () =>
    resolve({ send: (line) => void socket.write(`${line}\n`), close: () => socket.destroy() }),
  );
  return promise;
}
