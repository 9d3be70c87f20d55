import type { Vm } from "../../../test/kit/vm/vm.ts";

/** Seconds since the guest's kernel started, as systemd and the echoes count. */
export async function guestNow(vm: Pick<Vm, "read">): Promise<number> {
  return Number((await vm.read("/proc/uptime")).split(" ")[0]);
}

/** Gives what the guest's clock shows at a moment of this machine's (`performance.now()`). */
export async function guestClock(vm: Pick<Vm, "read">): Promise<(ms: number) => number> {
  const beforeMs = performance.now();
  const nowS = await guestNow(vm);
  const askedMs = (beforeMs + performance.now()) / 2;
  return (ms) => nowS + (ms - askedMs) / 1000;
}
