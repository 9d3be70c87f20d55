import type { Verdict } from "../../model/verdict.ts";
import { becauseOfAddress } from "./because-of-address.ts";
import { becauseOfFirewall, becausePerhapsOfFirewall } from "./firewall-cause.ts";
import { becauseOfNeighbour } from "./because-of-neighbour.ts";
import { becauseOfRefusal } from "./because-of-refusal.ts";
import { becauseOfReversePath } from "./because-of-reverse-path.ts";
import { becauseOfRoute } from "./because-of-route.ts";
import { becauseOfSilence } from "./because-of-silence.ts";
import type { ExaminedWay } from "./evidence.ts";

/**
 * Why there is no connection: the first cause that is certain. What the kernel says of its own
 * decisions goes before what an errno may mean: a packet that the machine drops itself, on its way
 * out or in, looks just like one that nobody answers.
 */
const causes: readonly ((way: ExaminedWay) => Verdict | null)[] = [
  becauseOfAddress,
  becauseOfRefusal,
  becauseOfReversePath,
  becauseOfFirewall,
  becauseOfRoute,
  becauseOfNeighbour,
  becausePerhapsOfFirewall,
];

export function diagnosePath(way: ExaminedWay): Verdict {
  const found = causes.map((because) => because(way)).find((verdict) => verdict !== null);
  return found ?? becauseOfSilence(way);
}
