import * as v from "valibot";
import { type CommandOptions, defaultLimitMs, type Ended } from "../../machine/command.ts";
import { lineSocket } from "./line-socket.ts";

const answer = v.object({
  id: v.number(),
  code: v.number(),
  stdout: v.string(),
  stderr: v.string(),
});

/** The connection to the agent in the guest. */
export interface Agent {
  /**
   * Runs a command to its end, as root; killed in the guest at its time limit (default `defaultLimitMs`): 137.
   * Throws where no answer comes: the guest is off or boots; at once where the connection is closed.
   */
  readonly exec: (argv: readonly string[], options?: CommandOptions) => Promise<Ended>;
  /** Waits until the agent answers. */
  readonly awaitAnswer: (timeoutMs: number) => Promise<void>;
  readonly close: () => void;
}

/** How long an answer may take beyond the time limit of its command. */
const graceMs = 60_000;

/** Connects to the agent's port, whether or not the guest is up. */
export async function connectAgent(path: string): Promise<Agent> {
  const waiting = new Map<number, PromiseWithResolvers<Ended>>();
  let count = 0;
  const socket = await lineSocket(path, (line) => {
    const { id, ...ended } = v.parse(answer, line.startsWith("{") ? parse(line) : emptyAnswer);
    waiting.get(id)?.resolve({ ...ended, stdout: text(ended.stdout), stderr: text(ended.stderr) });
    waiting.delete(id);
  });
  const exec: Agent["exec"] = async (argv, { stdin = "", timeoutMs = defaultLimitMs } = {}) => {
    count += 1;
    const id = count;
    const answered = Promise.withResolvers<Ended>();
    const order = { id, argv, stdin: Buffer.from(stdin).toString("base64"), timeoutMs };
    const late = new Error(
      `${argv.join(" ")}: no answer from the guest in ${timeoutMs + graceMs} ms`,
    );
    const timer = setTimeout(() => answered.reject(late), timeoutMs + graceMs);
    waiting.set(id, answered);
    socket.send(JSON.stringify(order));
    try {
      return await answered.promise;
    } finally {
      clearTimeout(timer);
      waiting.delete(id);
    }
  };
  const awaitAnswer = async (timeoutMs: number): Promise<void> => {
    const ended = await exec(["true"], { timeoutMs });
    if (ended.code !== 0) throw new Error(`true ended with ${ended.code}: ${ended.stderr}`);
  };
  const close = (): void => {
    socket.close();
    for (const each of waiting.values()) each.reject(new Error("the guest has been ended"));
  };
  return { exec, awaitAnswer, close };
}

/** An answer to no command. */
const emptyAnswer = { id: 0, code: 0, stdout: "", stderr: "" };

/** An answer that a reset cut off counts as an empty one. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return emptyAnswer;
  }
}

function text(base64: string): string {
  return Buffer.from(base64, "base64").toString();
}
