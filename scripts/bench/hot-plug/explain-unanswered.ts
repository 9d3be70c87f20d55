import * as v from "valibot";
import { familyOf } from "../../../src/model/ip.ts";
import type { Machine } from "../../../test/kit/machine/machine.ts";
import type { ExpectedAddress } from "./expected-addresses.ts";

const text = v.optional(v.string());
const rules = v.array(
  v.object({ src: text, srclen: v.optional(v.number()), table: v.optional(v.unknown()) }),
);
const routes = v.array(v.object({ dst: text }));

/** Why packets from an address are not answered, in a few words. */
export async function explainUnanswered(
  machine: Pick<Machine, "ip" | "exec">,
  { label, address, from }: ExpectedAddress,
): Promise<string> {
  const family = `-${familyOf(address)}`;
  const rule = v.parse(rules, await machine.ip(family, "rule", "show")).find(({ src, srclen }) => {
    return src === from || `${src}/${srclen}` === from;
  });
  if (rule === undefined) return `${label}: no rule`;
  // ip fails where there is no such table
  const show = ["ip", "-json", family, "route", "show", "table", String(rule.table)];
  const { stdout } = await machine.exec(show);
  const table = v.parse(routes, JSON.parse(stdout || "[]"));
  if (table.length === 0) return `${label}: its table is empty`;
  const hasDefault = table.some(({ dst }) => dst === "default");
  return hasDefault ? `${label}: no answer` : `${label}: no default route in its table`;
}
