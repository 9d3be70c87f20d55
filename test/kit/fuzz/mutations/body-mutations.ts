import { adversarialValues } from "../../facts/adversarial-values.ts";
import type { Random } from "../../basics/random.ts";
import { insertions, leafValues, listingNames, almostValid } from "./body-parts.ts";
import { correctAnswer, latin1, type Mutation } from "./raw-answer.ts";

type Change = (body: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

/** Wrong bodies in answers that are valid HTTP, by the name that the report shows. */
export const bodyMutations: Readonly<Record<string, Mutation>> = {
  "body of another key": changeBody((_, random, others) => random.pick(others)),
  "lines of a listing": changeBody((body, random) => {
    const lines = Buffer.from(body).toString("latin1").split("\n");
    const at = random.below(lines.length);
    const line = lines[at] ?? "";
    const more = random.pick([
      [],
      [line, line],
      [`${line}/`],
      [line.replace(/\/$/, "")],
      [...lines],
      [random.pick(listingNames)],
      [line, random.pick(listingNames)],
      [`${random.pick(listingNames)}${line}`],
      [`${line}${random.pick(listingNames)}`],
    ]);
    return latin1(
      [...lines.slice(0, at), ...more, ...lines.slice(at + 1)].join(
        random.pick(["\n", "\n", "\n", "\r\n", "\r"]),
      ),
    );
  }),
  "a long listing": changeBody((_, random) => {
    const count = random.pick([100, 1000, 20_000]);
    const end = random.pick(["", "/"]);
    return latin1(Array.from({ length: count }, (_, at) => `n${at}${end}`).join("\n"));
  }),
  "a value for configuration": changeBody((_, random) => latin1(random.pick(leafValues))),
  "a list for configuration": changeBody((body, random) => {
    const more = Array.from({ length: 1 + random.below(3) }, () => random.pick(leafValues));
    const own = random.below(2) === 0 ? [Buffer.from(body).toString("latin1")] : [];
    return latin1([...own, ...more].join("\n"));
  }),
  "almost valid": (answer, { random }) => {
    const isListing = answer.path.endsWith("/");
    const own = isListing ? [Buffer.from(answer.body).toString("latin1")] : [];
    const lines = [...own, random.pick(almostValid(answer.path))];
    return correctAnswer({ ...answer, status: 200, body: latin1(lines.join("\n")) });
  },
  "text inserted": changeBody((body, random) => {
    const text = Buffer.from(body).toString("latin1");
    const more = random.pick(insertions);
    const at = random.below(text.length + 1);
    return latin1(text.slice(0, at) + more + text.slice(at));
  }),
  "a hostile value": changeBody((_, random) =>
    Buffer.from(random.pick(Object.values(adversarialValues))),
  ),
  "not UTF-8": changeBody((body, random) => {
    const odd = random.pick([
      [0xff],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe2, 0x82],
      [0xef, 0xbb, 0xbf],
    ]);
    return Buffer.concat(
      random.pick([
        [Buffer.from(odd), body],
        [body, Buffer.from(odd)],
      ]),
    );
  }),
  empty: changeBody((_, random) => latin1(random.pick(["", "\n", " ", "\r\n", "\u0000"]))),
  large: changeBody((_, random) =>
    Buffer.alloc(
      random.pick([4095, 4097, 65_536, 262_144, 262_145, 400_000]),
      random.pick(["a", "\n", "a/\n", "\u0000"]),
    ),
  ),
  "one bit flipped": changeBody((body, random) => {
    const bytes = Buffer.from(body);
    const at = random.below(Math.max(1, bytes.length));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return bytes;
  }),
};

function changeBody(change: Change): Mutation {
  return (answer, { random, others }) =>
    correctAnswer({ ...answer, body: change(answer.body, random, others) });
}
