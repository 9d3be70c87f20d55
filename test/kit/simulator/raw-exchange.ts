import { connect } from "node:net";

/** What a client that looks at the bytes saw. */
export interface RawExchange {
  readonly text: string;
  /** How it ended: FIN, RST, no connection at all, or not at all within the time. */
  readonly end: "fin" | "reset" | "refused" | "open";
  readonly elapsedMs: number;
}

export interface RawOptions {
  /** How long to look, from when the connection stands; default 60. */
  readonly forMs?: number;
  /** Look no further than so many bytes. */
  readonly maxBytes?: number;
}

/** Connects to a URL's host, sends `text` as it is, and looks at what comes. */
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
