import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createVarlinkTransport } from "../../../src/host/imdsd/transport.ts";
import { temporaryFolder } from "../basics/temporary-folder.ts";

/** A call of systemd-imdsd's documented interface, io.systemd.InstanceMetadata. */
export interface ImdsdCall {
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * `raw`: these bytes are sent unchanged, and the connection stays open or is closed. `silence`: no
 * answer is sent.
 */
export type ImdsdAnswer =
  | { readonly kind: "value"; readonly body: string | Uint8Array }
  | { readonly kind: "error"; readonly name: string }
  | { readonly kind: "raw"; readonly bytes: string | Uint8Array; readonly hangsUp: boolean }
  | { readonly kind: "silence" };

/** systemd-imdsd in this process, and the transport that asks it. */
export interface FakeImdsd extends AsyncDisposable {
  /** The path of its socket, in a folder that is removed with it. */
  readonly path: string;
  /** Asks over that socket; takes a path where `HttpTransport` takes a URL. */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
  /** The calls, one for each connection. */
  readonly calls: readonly ImdsdCall[];
  /** Resolves once the first call is there. */
  readonly called: Promise<void>;
  /** Resolves once every connection is closed, from either side. */
  readonly idle: () => Promise<void>;
}

/** Starts it. Each answer is written in two parts, so that a reader must join them. */
export async function startFakeImdsd(answer: (call: ImdsdCall) => ImdsdAnswer): Promise<FakeImdsd> {
  const folder = temporaryFolder();
  const path = join(folder.path, "imdsd");
  const calls: ImdsdCall[] = [];
  const open = new Map<Socket, Promise<void>>();
  const called = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    let pending = "";
    open.set(socket, new Promise((resolve) => socket.once("close", () => resolve())));
    socket.on("error", () => undefined);
    socket.on("data", (data: Buffer) => {
      pending += data.toString();
      if (!pending.endsWith("\0")) return;
      const call = JSON.parse(pending.slice(0, -1)) as ImdsdCall;
      calls.push(call);
      called.resolve();
      reply(socket, answer(call));
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const idle = async () => void (await Promise.all(open.values()));
  const stop = async () => {
    for (const socket of open.keys()) socket.destroy();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
    folder[Symbol.dispose]();
  };
  const transport = createVarlinkTransport(path);
  return {
    path,
    fetch: (name, init = {}) => transport.fetch(`http://169.254.169.254${name}`, init),
    calls,
    called: called.promise,
    idle,
    [Symbol.asyncDispose]: stop,
  };
}

function reply(socket: Socket, answer: ImdsdAnswer): void {
  if (answer.kind === "silence") return;
  if (answer.kind === "raw") {
    socket.write(answer.bytes);
    if (answer.hangsUp) socket.end();
    return;
  }
  const message = Buffer.from(`${JSON.stringify(messageOf(answer))}\0`);
  const middle = Math.floor(message.length / 2);
  socket.write(message.subarray(0, middle), () => socket.write(message.subarray(middle)));
}

function messageOf(answer: Extract<ImdsdAnswer, { kind: "value" | "error" }>): object {
  if (answer.kind === "error") return { error: answer.name, parameters: {} };
  const data = Buffer.from(answer.body).toString("base64");
  return { parameters: { data, interface: 2 } };
}
