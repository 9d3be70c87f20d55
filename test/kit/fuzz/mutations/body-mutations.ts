import { adversarialValues } from "../../facts/adversarial-values.ts";
import type { Chance } from "../../basics/chance.ts";
import { additions, leaves, names, nearlyRight } from "./body-parts.ts";
import { honest, latin1, type Mutation } from "./wire.ts";

type Change = (body: Uint8Array, chance: Chance, others: readonly Uint8Array[]) => Uint8Array;

/** What can be wrong with what an answer says; as HTTP it is all right. */
export const bodyMutations: Readonly<Record<string, Mutation>> = {
  "another's body": changed((_, chance, others) => chance.pick(others)),
  "lines of a listing": changed((body, chance) => {
    const lines = Buffer.from(body).toString("latin1").split("\n");
    const at = chance.below(lines.length);
    const line = lines[at] ?? "";
    const more = chance.pick([
      [],
      [line, line],
      [`${line}/`],
      [line.replace(/\/$/, "")],
      [...lines],
      [chance.pick(names)],
      [line, chance.pick(names)],
      [`${chance.pick(names)}${line}`],
      [`${line}${chance.pick(names)}`],
    ]);
    return latin1(
      [...lines.slice(0, at), ...more, ...lines.slice(at + 1)].join(
        chance.pick(["\n", "\n", "\n", "\r\n", "\r"]),
      ),
    );
  }),
  "a long listing": changed((_, chance) => {
    const count = chance.pick([100, 1000, 20_000]);
    const end = chance.pick(["", "/"]);
    return latin1(Array.from({ length: count }, (_, at) => `n${at}${end}`).join("\n"));
  }),
  "a value for configuration": changed((_, chance) => latin1(chance.pick(leaves))),
  "a list for configuration": changed((body, chance) => {
    const more = Array.from({ length: 1 + chance.below(3) }, () => chance.pick(leaves));
    const own = chance.below(2) === 0 ? [Buffer.from(body).toString("latin1")] : [];
    return latin1([...own, ...more].join("\n"));
  }),
  "nearly right": (answer, { chance }) => {
    const isListing = answer.path.endsWith("/");
    const own = isListing ? [Buffer.from(answer.body).toString("latin1")] : [];
    const lines = [...own, chance.pick(nearlyRight(answer.path))];
    return honest({ ...answer, status: 200, body: latin1(lines.join("\n")) });
  },
  "something added": changed((body, chance) => {
    const text = Buffer.from(body).toString("latin1");
    const more = chance.pick(additions);
    const at = chance.below(text.length + 1);
    return latin1(text.slice(0, at) + more + text.slice(at));
  }),
  "a hostile value": changed((_, chance) =>
    Buffer.from(chance.pick(Object.values(adversarialValues))),
  ),
  "not UTF-8": changed((body, chance) => {
    const odd = chance.pick([
      [0xff],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe2, 0x82],
      [0xef, 0xbb, 0xbf],
    ]);
    return Buffer.concat(
      chance.pick([
        [Buffer.from(odd), body],
        [body, Buffer.from(odd)],
      ]),
    );
  }),
  empty: changed((_, chance) => latin1(chance.pick(["", "\n", " ", "\r\n", "\u0000"]))),
  large: changed((_, chance) =>
    Buffer.alloc(
      chance.pick([4095, 4097, 65_536, 262_144, 262_145, 400_000]),
      chance.pick(["a", "\n", "a/\n", "\u0000"]),
    ),
  ),
  "a bit of it": changed((body, chance) => {
    const bytes = Buffer.from(body);
    const at = chance.below(Math.max(1, bytes.length));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8));
    return bytes;
  }),
};

function changed(change: Change): Mutation {
  return (answer, { chance, others }) =>
    honest({ ...answer, body: change(answer.body, chance, others) });
}
