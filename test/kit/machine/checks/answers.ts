import { familyOf } from "../../../../src/model/ip.ts";
import { sandboxEnvironment } from "../command.ts";
import type { TestInstance } from "../vpc/instance.ts";
import { outside } from "../vpc/vpc-hosts.ts";

/** An answer that is not older than this is one of now. */
const freshMs = 1500;

/** When something was answered, since 1970, in milliseconds. */
export interface Answered {
  /** null: never. */
  readonly firstMs: number | null;
  /** Whether it still was at the end. */
  readonly isStill: boolean;
}

export interface RunningAnswers {
  /** How it is now, by address. */
  readonly look: () => ReadonlyMap<string, Answered>;
  readonly stop: () => Promise<void>;
}

/**
 * Before it has the address, ping ends at once. By its own source address, for an echo that is
 * answered goes back by the NIC that it came in by, whatever the routes are (IPv6).
 */
const again = `
while :; do "$@"; sleep 0.15; done &
read -r _
kill $!
`;

/**
 * From now on the machine sends echoes from each of these addresses to a host outside of the VPC,
 * some times a second. They are answered only where the machine has the address, and where what it
 * sends from there leaves by the NIC of that address: the source check drops all else. That is
 * what *usable* means to people.
 */
export function watchAnswers(
  { machine }: Pick<TestInstance, "machine">,
  addresses: readonly string[],
): RunningAnswers {
  const watched = addresses.map((address) => {
    const family = familyOf(address);
    const to = family === 4 ? outside.ipv4 : outside.ipv6;
    const ping = ["ping", `-${family}`, "-nDc1", "-W0.3", "-I", address, to];
    const child = Bun.spawn([...machine.enter(["sh", "-c", again, "sh", ...ping])], {
      env: sandboxEnvironment,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
    });
    const times: number[] = [];
    return { address, child, times, read: readTimes(child.stdout, times) };
  });
  return {
    look: () => new Map(watched.map(({ address, times }) => [address, answeredOf(times)])),
    stop: async () => {
      for (const { child, read } of watched) {
        await child.stdin.end();
        await read;
      }
    },
  };
}

function answeredOf(times: readonly number[]): Answered {
  const lastMs = times.at(-1) ?? -Infinity;
  return { firstMs: times[0] ?? null, isStill: Date.now() - lastMs <= freshMs };
}

/** From ping's lines: `[1700000000.123456] 64 bytes from …`. */
async function readTimes(stdout: ReadableStream<Uint8Array>, times: number[]): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stdout) {
    text += decoder.decode(chunk, { stream: true });
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    text = text.slice(whole.length);
    for (const [, seconds] of whole.matchAll(/^\[(\d+\.\d+)\] \d+ bytes from /gm)) {
      times.push(Number(seconds) * 1000);
    }
  }
}
