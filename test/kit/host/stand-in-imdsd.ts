import { createServer, type Socket } from "node:net";

/** What systemd-imdsd is asked: its documented interface, io.systemd.InstanceMetadata. */
export interface ImdsdCall {
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** `raw`: these bytes as they are, and the connection stays open or ends. `silence`: no answer. */
export type ImdsdAnswer =
  | { readonly kind: "value"; readonly body: string | Uint8Array }
  | { readonly kind: "error"; readonly name: string }
  | { readonly kind: "raw"; readonly bytes: string | Uint8Array; readonly hangsUp: boolean }
  | { readonly kind: "silence" };

export interface StandInImdsd extends AsyncDisposable {
  /** What was asked, a connection each. */
  readonly calls: readonly ImdsdCall[];
  /** Resolves once the first call is there. */
  readonly called: Promise<void>;
  /** Resolves once every connection is closed, from either side. */
  readonly idle: () => Promise<void>;
}

/** Listens at a path of the file system, and answers in two parts to those who read in one. */
export async function startStandInImdsd(
  socketPath: string,
  answer: (call: ImdsdCall) => ImdsdAnswer,
): Promise<StandInImdsd> {
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
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const idle = async () => void (await Promise.all(open.values()));
  const stop = async () => {
    for (const socket of open.keys()) socket.destroy();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  };
  return { calls, called: called.promise, idle, [Symbol.asyncDispose]: stop };
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
