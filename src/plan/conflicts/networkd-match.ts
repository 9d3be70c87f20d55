import type { Link } from "../../model/link.ts";
import { allOf, matchGlob, parseIniEntries, negate, anyOf, type TriState } from "./match.ts";

/** The NIC's properties that a `[Match]` section can name; null if the NIC has no link. */
export interface MatchedNic {
  readonly mac: string;
  readonly name: string | null;
  readonly driver: string | null;
  readonly kind: Link["kind"] | null;
}

export interface NetworkdMatch {
  readonly result: TriState;
  /** The keys that decide the result but are not evaluated here. */
  readonly unknown: readonly string[];
}

/**
 * Whether the `[Match]` section of a `.network` file matches a NIC: all its keys must match.
 * Without keys, the section matches any link. An empty file masks its name and matches no link.
 * systemd.network(5)
 */
export function matchNetworkFile(content: string, nic: MatchedNic): NetworkdMatch {
  if (content.trim() === "") return { result: "no", unknown: [] };
  const entries = parseIniEntries(content).filter(({ section }) => section === "Match");
  const keys = [...new Set(entries.map(({ key }) => key))];
  const results = keys.map((key) => {
    const values = entries.filter((entry) => entry.key === key).map(({ value }) => value);
    return { key, verdict: matchKey(key, splitValues(values), nic) };
  });
  const result = allOf(results.map((each) => each.verdict));
  const unknown = results.filter((each) => each.verdict === "unknown").map(({ key }) => key);
  return { result, unknown: result === "unknown" ? unknown : [] };
}

/** Whether the file tells networkd to leave the links that it matches alone. systemd.network(5) */
export function isUnmanagedFile(content: string): boolean {
  const values = parseIniEntries(content)
    .filter(({ section, key }) => section === "Link" && key === "Unmanaged")
    .map(({ value }) => value);
  return /^(1|yes|y|true|t|on)$/i.test(values.at(-1) ?? "");
}

/** The words of all assignments of a key. An empty assignment removes the words before it. */
function splitValues(values: readonly string[]): readonly string[] {
  return values.slice(values.lastIndexOf("") + 1).flatMap((value) => value.split(/\s+/));
}

function matchKey(key: string, words: readonly string[], nic: MatchedNic): TriState {
  if (words.length === 0) return "yes";
  if (key === "MACAddress" || key === "PermanentMACAddress") {
    return words.map(normaliseMac).includes(normaliseMac(nic.mac)) ? "yes" : "no";
  }
  if (key === "Name") return matchPatterns(words, nic.name);
  if (key === "Driver") return matchPatterns(words, nic.driver);
  if (key === "Type") return matchPatterns(words, "ether");
  if (key === "Kind" && nic.kind !== null) return matchKinds(words, nic.kind);
  return "unknown";
}

/** A `!` before the first word negates the whole list. */
function matchPatterns(words: readonly string[], text: string | null): TriState {
  const isNegative = words[0]?.startsWith("!") ?? false;
  const result = anyOf(words.map((word) => matchGlob(word.replace(/^!/, ""), text)));
  return isNegative ? negate(result) : result;
}

/** A NIC with a device has no kind. Therefore no list matches it, and every negated list does. */
function matchKinds(words: readonly string[], kind: Link["kind"]): TriState {
  if (kind === "device") return words[0]?.startsWith("!") ? "yes" : "no";
  return matchPatterns(words, kind);
}

/** systemd allows colons, hyphens and dots between a MAC's digits. */
function normaliseMac(mac: string): string {
  return mac.toLowerCase().replaceAll(/[:.-]/g, "");
}
