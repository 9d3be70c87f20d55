import type { Host } from "../../../src/host/host.ts";
import { systemHttp } from "../../../src/host/http.ts";
import { openSockets, type Sockets } from "../../../src/host/sockets/sockets.ts";
import { linkAddress } from "../facts/link-states.ts";
import { silentLog } from "../host/fake-host.ts";
import { fakeMachine } from "../host/fake-machine.ts";
import { sysfs } from "../host/sysfs.ts";

/** The clock is faster by this factor for waits; the limit of a try uses the real clock. */
const speed = 50;

export type FuzzHost = Host;

/** Opens libc once for all rounds: each opening costs memory that is never freed. */
export function fuzzSockets(): Sockets {
  return openSockets();
}

/** A fake host with real transports, the loopback as its only NIC, and a clock that is fifty times as fast. */
export function fuzzHost(sockets: Sockets, random: () => number): FuzzHost {
  const sleep: Host["clock"]["sleep"] = async (ms, signal) => {
    signal?.throwIfAborted();
    await Bun.sleep(ms / speed);
    signal?.throwIfAborted();
  };
  return {
    ...fakeMachine(),
    files: sysfs({ lo: { type: "772", flags: "0x9", carrier: "1" } }),
    addresses: () => [{ ...linkAddress("lo", "127.0.0.1"), prefixLength: 8 }],
    log: silentLog,
    clock: { now: () => performance.now() * speed, random, sleep },
    http: systemHttp,
    bind: async (options) => sockets.bind(options),
  };
}
