import type { Random } from "../../basics/random.ts";
import { correctAnswer, type Mutation, type PlainAnswer, type RawAnswer } from "./raw-answer.ts";

/** Changed bytes anywhere in an answer. */
export const byteMutations: Readonly<Record<string, Mutation>> = {
  "byte flips": (answer, { random }) => {
    const bytes = Buffer.from(correctAnswer(answer).bytes);
    const flips = 1 + random.below(6);
    for (let flip = 0; flip < flips; flip += 1)
      bytes[random.below(bytes.length)] = random.below(256);
    return {
      ...correctAnswer(answer),
      bytes,
      after: random.pick(["keep", "close", "close", "close"]),
    };
  },
  "bytes moved": (answer, { random }) => {
    const { bytes } = correctAnswer(answer);
    const [from, to] = [random.below(bytes.length), random.below(bytes.length)];
    const moved = random.pick([
      Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]),
      Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]),
      Buffer.concat([bytes.subarray(from), bytes.subarray(0, to)]),
    ]);
    return { ...correctAnswer(answer), bytes: moved, after: "close" };
  },
  cut: (answer, { random }) =>
    cutAt(answer, random, random.pick(["close", "close", "close", "reset"])),
  stall: (answer, { random }) => cutAt(answer, random, "stall"),
  drip: (answer, { random }) => ({ ...correctAnswer(answer), drip: 1 + random.below(64) }),
  noise: (_, { random }) => {
    const bytes = Uint8Array.from({ length: random.below(400) }, () => random.below(256));
    return { bytes, after: random.pick(["close", "reset"]), drip: null };
  },
};

function cutAt(answer: PlainAnswer, random: Random, after: RawAnswer["after"]): RawAnswer {
  const { bytes } = correctAnswer(answer);
  return { bytes: bytes.subarray(0, random.below(bytes.length)), after, drip: null };
}
