import { familyOf } from "../../../../src/model/ip.ts";
import { until } from "../../basics/until.ts";
import { sandboxEnvironment } from "../command.ts";
import type { Direction } from "./packets.ts";
import type { TestInstance } from "../vpc/instance.ts";
import { outside } from "../vpc/vpc-hosts.ts";

export interface PingOptions {
  /** An address of the machine. */
  readonly address: string;
  /** Default: the host outside. */
  readonly host?: string;
  /** Default: `out`. */
  readonly direction?: Direction;
}

export interface PingCount {
  readonly sent: number;
  readonly lost: number;
  /** The sequence numbers of lost packets, from 1. */
  readonly lostNumbers: readonly number[];
  /** The most packets that were lost one after the other. */
  readonly longestLoss: number;
}

/** A ping that runs while something else happens. */
export interface RunningPing {
  /** The packets that were answered so far. */
  readonly answered: () => number;
  /** The packets so far that were not answered when the next one was sent. */
  readonly unanswered: () => number;
  /** Waits for answers to packets that are sent from now on, ends the ping, and returns the counts. */
  readonly stop: () => Promise<PingCount>;
}

/** The time between two packets, which a busy machine makes longer. */
const everyMs = 50;
/** How long `stop` waits for an answer where the path does not work. */
const stopLimitMs = 20_000;

/** Starts a ping between the machine and a host; returns when its first packet is answered or lost. */
export async function pingThrough(
  instance: Pick<TestInstance, "sandbox" | "machine">,
  { address, host, direction = "out" }: PingOptions,
): Promise<RunningPing> {
  const { sandbox, machine } = instance;
  const far = host ?? (familyOf(address) === 4 ? outside.ipv4 : outside.ipv6);
  const [from, to] = direction === "out" ? [address, far] : [far, address];
  const every = String(everyMs / 1000);
  const ping = ["ping", `-${familyOf(to)}`, "-n", "-O", "-i", every, "-W", "1", "-I", from, to];
  // A signal to nsenter does not reach its command; the end of stdin does.
  const stoppable = ["sh", "-c", '"$@" & read -r _; kill -INT $!; wait $!', "sh", ...ping];
  const argv =
    direction === "out" ? machine.enter(stoppable) : machine.enterNetworkOf(sandbox, stoppable);
  const child = Bun.spawn([...argv], {
    env: sandboxEnvironment,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  let output = "";
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) output += decoder.decode(chunk, { stream: true });
  };
  const ended = read();
  const answered = (): number => countLines(output, answerLine);
  const unanswered = (): number => countLines(output, unansweredLine);
  await until("the ping has begun", () => answered() + unanswered() > 0);
  return {
    answered,
    unanswered,
    stop: async () => {
      const next = pingCount(output, true).sent + 2; // a packet that is not sent yet
      const isAnswered = (): boolean => pingCount(output, false).sent >= next;
      const works = await until("an answer", isAnswered, stopLimitMs).catch(() => false);
      await child.stdin.end();
      await ended;
      return pingCount(output, !works);
    },
  };
}

const answerLine = /^\d+ bytes from .*icmp_seq=(\d+)/gm;
const unansweredLine = /^no answer yet for icmp_seq=(\d+)/gm;

function countLines(output: string, line: RegExp): number {
  return output.match(line)?.length ?? 0;
}

/**
 * Counts the lines of ping -O: `64 bytes from …: icmp_seq=7 …`, `no answer yet for icmp_seq=8`. Packets
 * after the last answered one are only counted `toTheEnd`, since their answers may be on their way.
 */
export function pingCount(output: string, toTheEnd: boolean): PingCount {
  const numbers = (line: RegExp): readonly number[] =>
    [...output.matchAll(line)].map(([, number]) => Number(number));
  const answered = new Set(numbers(answerLine));
  const sent = Math.max(0, ...answered, ...(toTheEnd ? numbers(unansweredLine) : []));
  const all = Array.from({ length: sent }, (_, at) => at + 1);
  const lostNumbers = all.filter((number) => !answered.has(number));
  const losses = lostNumbers.map((first, at) => {
    const end = lostNumbers.findIndex((number, to) => to > at && number !== first + to - at);
    return (end < 0 ? lostNumbers.length : end) - at;
  });
  return {
    sent,
    lost: lostNumbers.length,
    lostNumbers,
    longestLoss: Math.max(0, ...losses),
  };
}
