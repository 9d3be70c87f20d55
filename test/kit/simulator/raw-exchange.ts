import { connect } from "node:net";

/** The bytes that a client received. */
export interface RawExchange {
  readonly text: string;
  /** How the connection ended: FIN, RST, refused, or not within the time. */
  readonly end: "fin" | "reset" | "refused" | "open";
  readonly elapsedMs: number;
}

export interface RawOptions {
  /** How long to read after the connection is established; default 60. */
  readonly forMs?: number;
  /** The maximum number of bytes to read. */
  readonly maxBytes?: number;
}

/** Connects to the host of a URL, sends `text` unchanged, and reads the answer. */
export async function rawExchange(
  url: string,
  text: string,
  { forMs = 60, maxBytes = Number.POSITIVE_INFINITY }: RawOptions = {},
): Promise<RawExchange> {
  const { hostname, port } = new URL(url);
  const startMs = performance.now();
  const socket = connect({ host: hostname.replace(/[[\]]/g, ""), port: Number(port) });
  let received = "";
  const end = await new Promise<RawExchange["end"]>((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = (how: RawExchange["end"]): void => {
      clearTimeout(timer);
      resolve(how);
    };
    socket.on("connect", () => {
      timer = setTimeout(() => resolve("open"), forMs);
      socket.write(text);
    });
    socket.on("data", (data: Buffer) => {
      received += data.toString("latin1");
      if (received.length >= maxBytes) settle("open");
    });
    socket.on("end", () => settle("fin"));
    socket.on("error", (error: Error & { code?: string }) =>
      settle(error.code === "ECONNREFUSED" ? "refused" : "reset"),
    );
  });
  socket.destroy();
  return { text: received, end, elapsedMs: performance.now() - startMs };
}
