import { bootVm, type VmOptions } from "../../../test/kit/vm/boot-vm.ts";
import type { Vm } from "../../../test/kit/vm/vm.ts";
import { allAnsweredSince, unanswered } from "../measure/echoes.ts";
import { guestNow } from "../measure/guest-clock.ts";
import type { Peer } from "./peer.ts";
import { untilPeerIdle } from "./until-peer-idle.ts";
import { echoesOf, sendEchoes } from "../measure/watch-echoes.ts";

/** Starts a guest, and waits until a program has configured its NICs and is idle. */
export async function readyPeer(
  peer: Peer,
  options: Pick<VmOptions, "enis" | "slots">,
): Promise<Vm> {
  const { backend, program } = peer;
  const vm = await bootVm({ suite: "trixie", backend, program, ...options });
  try {
    await peer.install(vm);
    await untilPeerIdle(vm, peer);
    const addresses = addressesOf(vm);
    const sinceS = await guestNow(vm);
    await sendEchoes(vm, addresses);
    await untilAnswered(vm, addresses, { sinceS, limitS: 30 });
    return vm;
  } catch (error) {
    await vm.stop();
    throw error;
  }
}

/** The addresses that the guest should have. */
export function addressesOf(vm: Vm): readonly string[] {
  return vm.vpc.enis().flatMap(({ ipv4, ipv6 }) => [...ipv4, ...ipv6]);
}

/**
 * Waits until echoes from all addresses have been answered for 2 s, or for `limitS` seconds. Returns
 * the addresses that are not answered then.
 */
export async function untilAnswered(
  vm: Vm,
  addresses: readonly string[],
  { sinceS, limitS }: { readonly sinceS: number; readonly limitS: number },
): Promise<readonly string[]> {
  const endMs = performance.now() + limitS * 1000;
  for (;;) {
    const echoes = await echoesOf(vm, sinceS);
    const answeredS = allAnsweredSince(echoes, addresses);
    const lastS = echoes.at(-1)?.sentS ?? 0;
    if (answeredS !== null && lastS - answeredS > 2) return [];
    if (performance.now() > endMs) return unanswered(echoes, addresses);
    await Bun.sleep(1000);
  }
}
