import { type Random, createRandom } from "../../basics/random.ts";
import { bodyMutations } from "./body-mutations.ts";
import { byteMutations } from "./byte-mutations.ts";
import { httpMutations } from "./http-mutations.ts";
import { tokenMutations } from "./token-mutations.ts";
import {
  correctAnswer,
  type Mutation,
  type PlainAnswer,
  type MutationContext,
  type RawAnswer,
} from "./raw-answer.ts";

/** Which mutations a round uses. */
export type MutationGroup = "http" | "bytes" | "body" | "all";

const mutationsByGroup: Readonly<Record<MutationGroup, Readonly<Record<string, Mutation>>>> = {
  http: httpMutations,
  bytes: byteMutations,
  body: bodyMutations,
  all: { ...httpMutations, ...byteMutations, ...bodyMutations },
};

/** With each of these the client waits until its time limit, so they are used less often. */
const slow: readonly string[] = ["stall", "drip"];

export interface Mutated {
  /** The name of the mutation; null: the answer is unchanged. */
  readonly kind: string | null;
  readonly rawAnswer: RawAnswer;
}

/** Mutates an answer at random; `rate` is the share of mutated ones, from 0 to 1. */
export function mutate(
  answer: PlainAnswer,
  context: MutationContext,
  { group, rate }: { readonly group: MutationGroup; readonly rate: number },
): Mutated {
  const random = context.random;
  if (random.fraction() >= rate) return { kind: null, rawAnswer: correctAnswer(answer) };
  const isToken = answer.method === "PUT" && random.below(3) === 0;
  const table = isToken ? tokenMutations : mutationsByGroup[group];
  const isAlmostValid = !isToken && group === "body" && random.below(3) === 0;
  const kind = isAlmostValid ? "almost valid" : pickKind(Object.keys(table), random);
  const mutation = table[kind] ?? correctAnswer;
  return { kind, rawAnswer: mutation(answer, context) };
}

function pickKind(kinds: readonly string[], random: Random): string {
  const kind = random.pick(kinds);
  return slow.includes(kind) && random.below(4) > 0
    ? random.pick(kinds.filter((each) => !slow.includes(each)))
    : kind;
}

/** The same random choices for the same request of the same round, in any order of requests. */
export function randomFor(seed: number, ...parts: readonly (string | number)[]): Random {
  const hash = Bun.hash.xxHash32(parts.join("\0"), seed);
  return createRandom(hash);
}
