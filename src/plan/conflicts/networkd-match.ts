import type { Link } from "../../model/link.ts";
import { every, fits, iniEntries, not, some, type Verdict } from "./match.ts";

/** A NIC as a file's `[Match]` may mean it; null members: it is not here. */
export interface MatchedNic {
  readonly mac: string;
  readonly name: string | null;
  readonly driver: string | null;
  readonly kind: Link["kind"] | null;
}

export interface NetworkdMatch {
  readonly verdict: Verdict;
  /** The keys that are not understood here, where they decide. */
  readonly unknown: readonly string[];
}

/**
 * Whether the `[Match]` section of a `.network` file means a NIC: all of its keys have to, and a
 * section without keys means every link. An empty file is a masked name, and means none.
 * systemd.network(5)
 */
export function networkdMatch(content: string, nic: MatchedNic): NetworkdMatch {
  if (content.trim() === "") return { verdict: "no", unknown: [] };
  const entries = iniEntries(content).filter(({ section }) => section === "Match");
  const keys = [...new Set(entries.map(({ key }) => key))];
  const verdicts = keys.map((key) => {
    const values = entries.filter((entry) => entry.key === key).map(({ value }) => value);
    return { key, verdict: keyVerdict(key, wordsOf(values), nic) };
  });
  const verdict = every(verdicts.map((each) => each.verdict));
  const unknown = verdicts.filter((each) => each.verdict === "unknown").map(({ key }) => key);
  return { verdict, unknown: verdict === "unknown" ? unknown : [] };
}

/** An empty assignment takes back what was said before. */
function wordsOf(values: readonly string[]): readonly string[] {
  return values.slice(values.lastIndexOf("") + 1).flatMap((value) => value.split(/\s+/));
}

function keyVerdict(key: string, words: readonly string[], nic: MatchedNic): Verdict {
  if (words.length === 0) return "yes";
  if (key === "MACAddress" || key === "PermanentMACAddress") {
    return words.map(digitsOf).includes(digitsOf(nic.mac)) ? "yes" : "no";
  }
  if (key === "Name") return patterns(words, nic.name);
  if (key === "Driver") return patterns(words, nic.driver);
  if (key === "Type") return patterns(words, "ether");
  if (key === "Kind" && nic.kind !== null) return kinds(words, nic.kind);
  return "unknown";
}

/** With a `!` in front the whole list is meant the other way round. */
function patterns(words: readonly string[], text: string | null): Verdict {
  const isNegative = words[0]?.startsWith("!") ?? false;
  const verdict = some(words.map((word) => fits(word.replace(/^!/, ""), text)));
  return isNegative ? not(verdict) : verdict;
}

/** A NIC with a device behind it has no kind: no pattern fits it, and every refusal lets it pass. */
function kinds(words: readonly string[], kind: Link["kind"]): Verdict {
  if (kind === "device") return words[0]?.startsWith("!") ? "yes" : "no";
  return patterns(words, kind);
}

/** Colons, hyphens and dots are all allowed between a MAC's digits. */
function digitsOf(mac: string): string {
  return mac.toLowerCase().replaceAll(/[:.-]/g, "");
}
