import { connect } from "node:net";
import { atOnceMs } from "../basics/busy-machine.ts";

/** The bytes that a client received. */
export interface RawExchange {
  readonly text: string;
  /** How the connection ended: FIN, RST, refused; `open`: the client closed it. */
  readonly end: "fin" | "reset" | "refused" | "open";
}

/** How long the connection must stay open after `until`. */
const openMs = 20;

/**
 * Connects to the host of a URL, sends `text` unchanged, and reads the answer to its end. The client
 * closes the connection when `until` is true for what it has received; without it, the service must.
 */
export async function rawExchange(
  url: string,
  text: string,
  until: (received: string) => boolean = () => false,
): Promise<RawExchange> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname.replace(/[[\]]/g, ""), port: Number(port) });
  let received = "";
  let isConnected = false;
  const ended = new Promise<RawExchange["end"]>((resolve) => {
    socket.on("connect", () => {
      isConnected = true;
      socket.write(text);
    });
    socket.on("data", (data: Buffer) => void (received += data.toString("latin1")));
    socket.on("end", () => resolve("fin"));
    socket.on("error", (error: Error & { code?: string }) =>
      resolve(error.code === "ECONNREFUSED" ? "refused" : "reset"),
    );
  });
  const closedByClient = async (): Promise<"open"> => {
    const endMs = performance.now() + atOnceMs;
    const isDone = () => (isConnected && until(received)) || performance.now() > endMs;
    while (!socket.destroyed && !isDone()) await Bun.sleep(2);
    await Bun.sleep(openMs);
    return "open";
  };
  const end = await Promise.race([ended, closedByClient()]);
  socket.destroy();
  return { text: received, end };
}

/** A condition for `until`: so many answers have begun. */
export function answers(count: number): (received: string) => boolean {
  return (received) => received.split("HTTP/1.1 ").length > count;
}
