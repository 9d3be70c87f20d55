import { familyOf } from "../../../../src/model/ip.ts";
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
  /** Default 20. */
  readonly perSecond?: number;
}

export interface PingCount {
  readonly sent: number;
  readonly lost: number;
  /** Their numbers, from 1. */
  readonly lostNumbers: readonly number[];
  /** The longest time between two answers. */
  readonly longestGapMs: number;
}

/** A ping that runs while something else happens. */
export interface RunningPing {
  /** Ends it, and says what came back. */
  readonly stop: () => Promise<PingCount>;
}

/** Begins to ping through the bench; returns when the first answer is there, or after a second. */
export async function pingThrough(
  instance: Pick<TestInstance, "sandbox" | "machine">,
  { address, host, direction = "out", perSecond = 20 }: PingOptions,
): Promise<RunningPing> {
  const { sandbox, machine } = instance;
  const far = host ?? (familyOf(address) === 4 ? outside.ipv4 : outside.ipv6);
  const [from, to] = direction === "out" ? [address, far] : [far, address];
  const every = String(1 / perSecond);
  const ping = ["ping", `-${familyOf(to)}`, "-n", "-D", "-i", every, "-W", "1", "-I", from, to];
  // A signal to nsenter does not reach what it runs; the end of stdin does.
  const stoppable = ["sh", "-c", '"$@" & read -r _; kill -INT $!; wait $!', "sh", ...ping];
  const argv =
    direction === "out" ? machine.enter(stoppable) : machine.enterNetworkOf(sandbox, stoppable);
  const child = Bun.spawn([...argv], {
    env: sandboxEnvironment,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const said = child.stdout.text();
  await Bun.sleep(1000 / perSecond);
  return {
    stop: async () => {
      // What was sent last has its answer in less than that.
      await Bun.sleep(100);
      await child.stdin.end();
      return pingCount(await said, perSecond);
    },
  };
}

/** Counts from ping's lines: `[1700000000.123456] 64 bytes from …: icmp_seq=7 …`. */
export function pingCount(said: string, perSecond: number): PingCount {
  const answers = [...said.matchAll(/^\[(\d+\.\d+)\] \d+ bytes from .*icmp_seq=(\d+)/gm)];
  const times = answers.map(([, seconds]) => Number(seconds) * 1000);
  const seen = new Set(answers.map(([, , number]) => Number(number)));
  const sent = Number(/(\d+) packets transmitted/.exec(said)?.[1] ?? "0");
  // The last one may have been sent in the moment of the end.
  const counted = seen.has(sent) ? sent : sent - 1;
  const lostNumbers = Array.from({ length: counted }, (_, at) => at + 1).filter(
    (n) => !seen.has(n),
  );
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? time));
  const longestGapMs = Math.max(1000 / perSecond, ...gaps);
  return {
    sent: counted,
    lost: lostNumbers.length,
    lostNumbers,
    longestGapMs: Math.round(longestGapMs),
  };
}
