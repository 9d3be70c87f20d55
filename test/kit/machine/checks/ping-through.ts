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
  /** The sequence numbers of lost packets, from 1. */
  readonly lostNumbers: readonly number[];
  /** The longest time between two answers. */
  readonly longestGapMs: number;
}

/** A ping that runs while something else happens. */
export interface RunningPing {
  /** Ends it and returns the counts. */
  readonly stop: () => Promise<PingCount>;
}

/** Starts a ping between the machine and a host. */
export async function pingThrough(
  instance: Pick<TestInstance, "sandbox" | "machine">,
  { address, host, direction = "out", perSecond = 20 }: PingOptions,
): Promise<RunningPing> {
  const { sandbox, machine } = instance;
  const far = host ?? (familyOf(address) === 4 ? outside.ipv4 : outside.ipv6);
  const [from, to] = direction === "out" ? [address, far] : [far, address];
  const every = String(1 / perSecond);
  const ping = ["ping", `-${familyOf(to)}`, "-n", "-D", "-i", every, "-W", "1", "-I", from, to];
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
  const output = child.stdout.text();
  await Bun.sleep(1000 / perSecond);
  return {
    stop: async () => {
      // The last packet is answered within this time.
      await Bun.sleep(100);
      await child.stdin.end();
      return pingCount(await output, perSecond);
    },
  };
}

/** Counts the lines of ping: `[1700000000.123456] 64 bytes from …: icmp_seq=7 …`. */
export function pingCount(output: string, perSecond: number): PingCount {
  const answers = [...output.matchAll(/^\[(\d+\.\d+)\] \d+ bytes from .*icmp_seq=(\d+)/gm)];
  const times = answers.map(([, seconds]) => Number(seconds) * 1000);
  const seen = new Set(answers.map(([, , number]) => Number(number)));
  const sent = Number(/(\d+) packets transmitted/.exec(output)?.[1] ?? "0");
  // The last packet may have been sent just before the end.
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
