import * as v from "valibot";
import { until } from "../../basics/until.ts";
import { lineSocket } from "./line-socket.ts";

const messageSchema = v.object({
  QMP: v.optional(v.unknown()),
  id: v.optional(v.number()),
  return: v.optional(v.unknown()),
  error: v.optional(v.object({ class: v.string(), desc: v.string() })),
  event: v.optional(v.string()),
  data: v.optional(v.unknown()),
});

export interface QmpEvent {
  readonly name: string;
  readonly data: unknown;
}

/** QEMU's monitor. https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html */
export interface Qmp {
  /** Runs a command and returns its result. Throws with the error of QEMU where it fails. */
  readonly execute: (command: string, words?: unknown) => Promise<unknown>;
  /** All events since the connection. */
  readonly events: () => readonly QmpEvent[];
  readonly close: () => void;
}

/** Connects to QEMU's monitor; returns when it accepts commands. */
export async function connectQmp(path: string): Promise<Qmp> {
  const answers = new Map<number, v.InferOutput<typeof messageSchema>>();
  const events: QmpEvent[] = [];
  let isGreeted = false;
  let count = 0;
  const socket = await lineSocket(path, (line) => {
    const what = v.parse(messageSchema, JSON.parse(line));
    if (what.QMP !== undefined) isGreeted = true;
    if (what.id !== undefined) answers.set(what.id, what);
    if (what.event !== undefined) events.push({ name: what.event, data: what.data });
  });
  await until("QEMU's monitor greets", () => isGreeted);
  const execute = async (command: string, words: unknown = {}): Promise<unknown> => {
    count += 1;
    const id = count;
    socket.send(JSON.stringify({ execute: command, arguments: words, id }));
    const answer = await until(`QEMU answers ${command}`, () => answers.get(id));
    answers.delete(id);
    if (answer?.error === undefined) return answer?.return;
    throw new Error(`${command} ${JSON.stringify(words)}: ${answer.error.desc}`);
  };
  await execute("qmp_capabilities");
  return { execute, events: () => events, close: socket.close };
}
