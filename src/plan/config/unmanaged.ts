import { parseMac } from "../../model/address.ts";
import type { Nic } from "../../model/nic.ts";
import { unmanagedPath } from "../../model/own-files.ts";

/** What the admin wants left alone, from `/etc/ec2nic/unmanaged`. */
export interface Unmanaged {
  /** Canonical MACs, names of links and ENI ids, as they were listed. */
  readonly entries: ReadonlySet<string>;
  /** Lines that are none of these. */
  readonly reasons: readonly string[];
}

/**
 * Parses the list: a MAC, a link's name or an ENI id a line; `#` begins a comment. A line that is
 * none of these is told, not fatal: a typo must not keep the other NICs down.
 */
export function parseUnmanaged(text: string | null): Unmanaged {
  const lines = (text ?? "").split("\n").map((line, at) => {
    const word = line.replace(/#.*/, "").trim();
    return { word, entry: entryOf(word), number: at + 1 };
  });
  return {
    entries: new Set(lines.flatMap(({ entry }) => entry ?? [])),
    reasons: lines
      .filter(({ word, entry }) => word !== "" && entry === null)
      .map(({ word, number }) => {
        const what = "is neither a MAC, nor a link's name, nor an ENI id: ignored";
        return `${unmanagedPath}:${number}: ${JSON.stringify(word)} ${what}`;
      }),
  };
}

/** The entry that lists this NIC; null where none does. */
export function unmanagedEntry({ entries }: Unmanaged, { eni, link }: Nic): string | null {
  return (
    [eni.mac, eni.id, link?.name].find((word) => word !== undefined && entries.has(word)) ?? null
  );
}

/** Link names as the kernel takes them (dev_valid_name), without wildcards, which mean nothing here. */
function entryOf(word: string): string | null {
  const isName = /^[^\s/:*?[\]]{1,15}$/.test(word) && word !== "." && word !== "..";
  return parseMac(word) ?? (isName || /^eni-[0-9a-z]+$/.test(word) ? word : null);
}
