import { describeMs } from "../../model/duration.ts";
import type { Verdict } from "../../model/verdict.ts";
import { modifyOptions } from "./diagnose-answer.ts";
import { connectOutcome, type ExaminedWay } from "./evidence.ts";
import { throttleNote } from "./throttle-note.ts";

/** AWS's IPv6 endpoint, which is off unless it is enabled. */
const optional = "fd00:ec2::254";

/** What is left: nothing on this machine is known to be in the way. */
export function becauseOfSilence(way: ExaminedWay): Verdict {
  const { address, port } = way;
  const isOptional = address === optional;
  const mend = isOptional ? [modifyOptions(way, "--http-protocol-ipv6 enabled")] : null;
  const note = isOptional ? "; IMDS over IPv6 is off unless it is enabled" : "";
  const outcome = connectOutcome(way);
  if (outcome === "ECONNREFUSED") {
    const text = `${address} refuses connections to port ${port}${unseen(way)}${note}`;
    return { word: "refused", text, mend };
  }
  const within = describeMs(way.probe.connect?.ms ?? 0);
  const why = outcome === "ETIMEDOUT" || outcome === null ? "" : ` (${outcome})`;
  const text = `no connection to ${address} within ${within}${why}`;
  const doubts = `${doubtOf(way)}${throttleNote(way)}${unseen(way)}${note}`;
  return { word: "no-answer", text: `${text}${doubts}`, mend };
}

function doubtOf({ path, nicFacts }: ExaminedWay): string {
  if (path.keepsReplies === null && (nicFacts.rpFilter ?? 0) > 0) {
    return `; rp_filter is ${nicFacts.rpFilter}, which may drop the answers`;
  }
  if (path.neighbour !== "answers") return "";
  return ", though the next hop answers: it is dropped beyond this machine";
}

/** A machine that has neither nft nor iptables may have a firewall of bpf, and hides it from root. */
function unseen({ machine: { firewall, uid } }: ExaminedWay): string {
  if (firewall !== null) return "";
  const who = uid === 0 ? "cannot be seen without nft or iptables" : "only root can see";
  return `; whether a firewall is in the way${uid === 0 ? "" : ","} ${who}`;
}
