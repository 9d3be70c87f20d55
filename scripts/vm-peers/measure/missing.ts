import type { Vm } from "../../../test/kit/vm/vm.ts";
import { wantedAddresses } from "../../bench/hot-plug/wanted.ts";
import { whyLost } from "../../bench/hot-plug/why-lost.ts";
import { allAnsweredSince } from "./echoes.ts";
import { untilAnswered } from "../peers/ready-peer.ts";
import { echoesOf } from "./watch-echoes.ts";

/** So much longer it is looked where something is missing. */
const longerS = 120;

/** Why some of a NIC's addresses are not answered, and whether they are later. */
export async function whyMissing(
  vm: Vm,
  addresses: readonly string[],
  { missing, startS }: { readonly missing: readonly string[]; readonly startS: number },
): Promise<readonly string[]> {
  const lost = wantedAddresses(addresses).filter(({ address }) => missing.includes(address));
  if (lost.length === 0) return [];
  const why = await Promise.all(lost.map((each) => whyLost(vm, each)));
  await untilAnswered(vm, addresses, { sinceS: startS, limitS: longerS });
  const atS = allAnsweredSince(await echoesOf(vm, startS), addresses);
  const later =
    atS === null
      ? `nor in ${longerS} s more`
      : `later: all answered after ${(atS - startS).toFixed(1)} s`;
  return [...why, later];
}
