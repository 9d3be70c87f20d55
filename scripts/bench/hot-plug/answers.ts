import { familyOf } from "../../../src/model/ip.ts";
import { sandboxEnvironment } from "../../../test/kit/machine/command.ts";
import type { TestInstance } from "../../../test/kit/machine/vpc/instance.ts";
import { outside } from "../../../test/kit/machine/vpc/vpc-hosts.ts";

/** An address counts as answered where its last answer is not older. */
const freshMs = 1500;

/** When an address was answered, in milliseconds since 1970. */
export interface Answered {
  /** null: never. */
  readonly firstMs: number | null;
  /** Whether it is still answered. */
  readonly isStill: boolean;
}

export interface RunningAnswers {
  /** The current state, by address. */
  readonly look: () => ReadonlyMap<string, Answered>;
  readonly stop: () => Promise<void>;
}

/**
 * ping ends at once before the machine has the address. It sends from that address, because the
 * answer to an echo request leaves through the NIC of the request, whatever the routes are (IPv6).
 */
const again = `
while :; do "$@"; sleep 0.15; done &
read -r _
kill $!
`;

/**
 * Sends echo requests from each of these addresses to a host outside of the VPC, some times a second.
 * They are answered only where the machine has the address and its packets leave through the NIC of
 * that address: the source check drops all other packets. That is what *usable* means for users.
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

/** Reads the times from the lines of ping: `[1700000000.123456] 64 bytes from …`. */
async function readTimes(stdout: ReadableStream<Uint8Array>, times: number[]): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stdout) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.slice(0, text.lastIndexOf("\n") + 1);
    text = text.slice(lines.length);
    for (const [, seconds] of lines.matchAll(/^\[(\d+\.\d+)\] \d+ bytes from /gm)) {
      times.push(Number(seconds) * 1000);
    }
  }
}
