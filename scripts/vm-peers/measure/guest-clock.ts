import type { Vm } from "../../../test/kit/vm/vm.ts";

/** Seconds since the guest's kernel started, the clock of systemd and of the echoes. */
export async function guestNow(vm: Pick<Vm, "read">): Promise<number> {
  return Number((await vm.read("/proc/uptime")).split(" ")[0]);
}

/** Returns a function from a time of this machine (`performance.now()`) to the guest's clock. */
export async function guestClock(vm: Pick<Vm, "read">): Promise<(ms: number) => number> {
  const beforeMs = performance.now();
  const nowS = await guestNow(vm);
  const readMs = (beforeMs + performance.now()) / 2;
  return (ms) => nowS + (ms - readMs) / 1000;
}
