import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { rankCandidates } from "../inspect/links/rank-candidates.ts";
import { readLinkStates } from "../inspect/links/read-link-states.ts";
import type { Ranking } from "../model/link-state.ts";

/**
 * The NICs that are asked, best first, and why not the others. One that was named is asked whatever
 * it is. Throws `USAGE` where there is no such NIC.
 */
export async function nicsToProbe(
  host: Pick<Host, "addresses" | "files">,
  wish: string | null,
): Promise<Ranking> {
  const ranking = rankCandidates(await readLinkStates(host));
  if (wish === null) return ranking;
  const named = ({ link }: { readonly link: { readonly name: string } }) => link.name === wish;
  const candidates = ranking.candidates.filter(named);
  const asked = ranking.others.filter(named).map((each) => ({ ...each, rank: 1 }));
  if (candidates.length + asked.length > 0) {
    return { candidates: [...candidates, ...asked], others: [] };
  }
  const names = ranking.candidates.map(({ link }) => link.name).join(", ");
  const hint = names === "" ? "there is no NIC at all" : `there are: ${names}`;
  throw new Failure("USAGE", `--interface ${wish}: there is no such NIC`, { hint });
}
