import type { Chance } from "../../basics/chance.ts";
import { honest, type Mutation, type Plain, type Wire } from "./wire.ts";

/** Bytes of an answer changed, wherever they are. */
export const byteMutations: Readonly<Record<string, Mutation>> = {
  "byte flips": (answer, { chance }) => {
    const bytes = Buffer.from(honest(answer).bytes);
    const flips = 1 + chance.below(6);
    for (let flip = 0; flip < flips; flip += 1)
      bytes[chance.below(bytes.length)] = chance.below(256);
    return { ...honest(answer), bytes, after: chance.pick(["keep", "close", "close", "close"]) };
  },
  "bytes moved": (answer, { chance }) => {
    const { bytes } = honest(answer);
    const [from, to] = [chance.below(bytes.length), chance.below(bytes.length)];
    const moved = chance.pick([
      Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]),
      Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]),
      Buffer.concat([bytes.subarray(from), bytes.subarray(0, to)]),
    ]);
    return { ...honest(answer), bytes: moved, after: "close" };
  },
  cut: (answer, { chance }) =>
    cutAt(answer, chance, chance.pick(["close", "close", "close", "reset"])),
  stall: (answer, { chance }) => cutAt(answer, chance, "stall"),
  drip: (answer, { chance }) => ({ ...honest(answer), drip: 1 + chance.below(64) }),
  noise: (_, { chance }) => {
    const bytes = Uint8Array.from({ length: chance.below(400) }, () => chance.below(256));
    return { bytes, after: chance.pick(["close", "reset"]), drip: null };
  },
};

function cutAt(answer: Plain, chance: Chance, after: Wire["after"]): Wire {
  const { bytes } = honest(answer);
  return { bytes: bytes.subarray(0, chance.below(bytes.length)), after, drip: null };
}
