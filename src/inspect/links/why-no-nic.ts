import type { LinkKind } from "../../model/link.ts";

const words: Readonly<Partial<Record<LinkKind, string>>> = {
  loopback: "the loopback",
  bridge: "a bridge",
  bond: "a bond",
  vlan: "a VLAN",
  macvlan: "built over another NIC",
  tunnel: "a tunnel",
  other: "nothing is behind it",
};

/** What a link of this kind is in place of a NIC; null: it may be one. */
export function whyNoNic(kind: LinkKind): string | null {
  return words[kind] ?? null;
}
