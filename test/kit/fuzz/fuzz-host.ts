import type { Host } from "../../../src/host/host.ts";
import { systemHttp } from "../../../src/host/http.ts";
import { openSockets, type Sockets } from "../../../src/host/sockets/sockets.ts";
import { silentLog } from "../files/golden-case.ts";
import { fakeMachine } from "../host/fake-machine.ts";

/** So much faster do waits pass; what limits a try is on the real clock. */
const speed = 50;

export type FuzzHost = Host;

/** One C library for all rounds: each opening costs memory that never comes back. */
export function fuzzSockets(): Sockets {
  return openSockets();
}

/** The real transports, a clock that runs fifty times as fast, and nothing else that is real. */
export function fuzzHost(sockets: Sockets, random: () => number): FuzzHost {
  const sleep: Host["clock"]["sleep"] = async (ms, signal) => {
    signal?.throwIfAborted();
    await Bun.sleep(ms / speed);
    signal?.throwIfAborted();
  };
  return {
    ...fakeMachine(),
    log: silentLog,
    clock: { now: () => performance.now() * speed, random, sleep },
    http: systemHttp,
    bind: async (way) => sockets.bind(way),
  };
}
