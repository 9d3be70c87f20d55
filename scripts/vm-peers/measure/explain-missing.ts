import type { Vm } from "../../../test/kit/vm/vm.ts";
import { expectedOwn } from "../../bench/hot-plug/expected-addresses.ts";
import { explainUnanswered } from "../../bench/hot-plug/explain-unanswered.ts";
import { allAnsweredSince } from "./echoes.ts";
import { untilAnswered } from "../peers/ready-peer.ts";
import { echoesOf } from "./watch-echoes.ts";

/** How much longer a guest is watched where an address is not answered. */
const longerS = 120;

/** Why some of a NIC's addresses are not answered, and whether they are answered later. */
export async function explainMissing(
  vm: Vm,
  addresses: readonly string[],
  { missing, startS }: { readonly missing: readonly string[]; readonly startS: number },
): Promise<readonly string[]> {
  const lost = expectedOwn(addresses).filter(({ address }) => missing.includes(address));
  if (lost.length === 0) return [];
  const reasons = await Promise.all(lost.map((each) => explainUnanswered(vm, each)));
  await untilAnswered(vm, addresses, { sinceS: startS, limitS: longerS });
  const atS = allAnsweredSince(await echoesOf(vm, startS), addresses);
  const later =
    atS === null
      ? `not answered in ${longerS} s more either`
      : `later: all answered after ${(atS - startS).toFixed(1)} s`;
  return [...reasons, later];
}
