import type { Socket } from "bun";
import type { RawAnswer } from "./mutations/raw-answer.ts";

/** A request as it was received. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The line that is no valid part of a request; null: all lines are valid. */
  readonly fault: string | null;
}

export interface FuzzServer {
  readonly url: string;
  /** How many connections are open. */
  readonly connections: () => number;
  /** Closes every connection and keeps listening. */
  readonly hangUp: () => void;
  readonly stop: () => void;
}

interface Peer {
  pending: string;
  /** Bytes that the kernel has not accepted yet. */
  unsent: Uint8Array;
  after: RawAnswer["after"];
  timer: ReturnType<typeof setInterval> | null;
}

/** A TCP server that reads requests and writes the bytes of `answer`, at once or slowly. */
export function startFuzzServer(
  answer: (request: RawRequest) => RawAnswer,
  hostname = "127.0.0.1",
  port = 0,
): FuzzServer {
  const open = new Set<Socket<Peer>>();
  const listener = Bun.listen<Peer>({
    hostname,
    port,
    socket: {
      open: (socket) => {
        socket.data = { pending: "", unsent: new Uint8Array(), after: "keep", timer: null };
        open.add(socket);
      },
      data: (socket, bytes) => {
        socket.data.pending += bytes.toString("latin1");
        for (let request = take(socket.data); request !== null; request = take(socket.data)) {
          play(socket, answer(request));
        }
      },
      drain: (socket) => send(socket),
      close: (socket) => {
        if (socket.data.timer !== null) clearInterval(socket.data.timer);
        open.delete(socket);
      },
      error: () => undefined,
    },
  });
  const hangUp = (): void => {
    for (const socket of open) socket.terminate();
  };
  const shown = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `http://${shown}:${listener.port}`,
    connections: () => open.size,
    hangUp,
    stop: () => {
      hangUp();
      listener.stop(true);
    },
  };
}

/** The next complete request; null: none yet. GET and PUT of ec2nic have no body. */
function take(peer: Peer): RawRequest | null {
  const end = peer.pending.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [first = "", ...lines] = peer.pending.slice(0, end).split("\r\n");
  peer.pending = peer.pending.slice(end + 4);
  const [, method = "", target = ""] = /^(GET|PUT) (\/[!-~]*) HTTP\/1\.1$/.exec(first) ?? [];
  const pairs = lines.map((line) => /^([!-9;-~]+): ([ -~]*)$/.exec(line));
  const headers = pairs.map((pair) => [(pair?.[1] ?? "").toLowerCase(), pair?.[2] ?? ""] as const);
  const bad = method === "" ? first : lines.find((_, at) => pairs[at] === null);
  return { method, target, headers: Object.fromEntries(headers), fault: bad ?? null };
}

function play(socket: Socket<Peer>, { bytes, after, drip }: RawAnswer): void {
  const peer = socket.data;
  if (peer.timer !== null || peer.after !== "keep") return; // its last answer was sent
  if (drip === null) {
    peer.unsent = Buffer.concat([peer.unsent, bytes]);
    peer.after = after;
    send(socket);
    return;
  }
  let at = 0;
  peer.timer = setInterval(() => {
    socket.write(bytes.subarray(at, at + drip));
    at += drip;
    if (at < bytes.length || peer.timer === null) return;
    clearInterval(peer.timer);
    peer.timer = null;
  }, 1);
}

function send(socket: Socket<Peer>): void {
  const peer = socket.data;
  const sent = socket.write(peer.unsent);
  if (sent < 0) return;
  peer.unsent = peer.unsent.subarray(sent);
  if (peer.unsent.length > 0) return;
  if (peer.after === "close") socket.end();
  if (peer.after === "reset") socket.terminate();
}
