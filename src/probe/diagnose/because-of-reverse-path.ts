import type { Verdict } from "../../model/verdict.ts";
import type { ExaminedWay } from "./evidence.ts";
import { shellWord } from "../../model/diagnose-shell-word.ts";

/**
 * The kernel drops the answer, since no route leads back the way it came (rp_filter). Loose (2) is
 * content with any route that covers IMDS's address, strict (1) only with a best one through this
 * NIC; the larger of `all` and the NIC's own holds, so 2 on the NIC always loosens.
 * With slashes, since a name may have dots (sysctl(8)).
 * https://docs.kernel.org/networking/ip-sysctl.html
 */
export function becauseOfReversePath(way: ExaminedWay): Verdict | null {
  const { path, nicFacts, nic, address } = way;
  if (path.keepsReplies !== false || nicFacts.rpFilter === 0 || nic === null) return null;
  const isStrict = nicFacts.rpFilter === 1;
  const mode = isStrict ? "1 (strict)" : "2 (loose)";
  const what = `answers that come in through it are dropped: rp_filter is ${mode}`;
  if (path.usual?.kind === "way" && isStrict) {
    const elsewhere = path.usual.nic === null ? "elsewhere" : `through ${path.usual.nic}`;
    const text = `${what}, and the route to ${address} leads ${elsewhere}`;
    return {
      word: "rp-filter",
      text,
      mend: [`sysctl -w net/ipv4/conf/${shellWord(nic)}/rp_filter=2`],
    };
  }
  const text = `${what}, and no route leads to ${address}`;
  return { word: "rp-filter", text, mend: [`ip route append ${address} dev ${shellWord(nic)}`] };
}
