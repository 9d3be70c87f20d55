import { type Chance, chance } from "../../basics/chance.ts";
import { bodyMutations } from "./body-mutations.ts";
import { byteMutations } from "./byte-mutations.ts";
import { httpMutations } from "./http-mutations.ts";
import { tokenMutations } from "./token-mutations.ts";
import { honest, type Mutation, type Plain, type Surroundings, type Wire } from "./wire.ts";

/** Which mutations a round plays. */
export type Flavour = "http" | "bytes" | "body" | "all";

const byFlavour: Readonly<Record<Flavour, Readonly<Record<string, Mutation>>>> = {
  http: httpMutations,
  bytes: byteMutations,
  body: bodyMutations,
  all: { ...httpMutations, ...byteMutations, ...bodyMutations },
};

/** Each of these costs the client its whole patience: as many as are needed, and no more. */
const slow: readonly string[] = ["stall", "drip"];

export interface Mutated {
  /** The mutation's name; null: it is as it was. */
  readonly kind: string | null;
  readonly wire: Wire;
}

/** An answer, mutated by chance: `rate` of them are. */
export function mutate(
  answer: Plain,
  around: Surroundings,
  { flavour, rate }: { readonly flavour: Flavour; readonly rate: number },
): Mutated {
  const dice = around.chance;
  if (dice.fraction() >= rate) return { kind: null, wire: honest(answer) };
  const isToken = answer.method === "PUT" && dice.below(3) === 0;
  const table = isToken ? tokenMutations : byFlavour[flavour];
  const isNear = !isToken && flavour === "body" && dice.below(3) === 0;
  const kind = isNear ? "nearly right" : pickKind(Object.keys(table), dice);
  const mutation = table[kind] ?? honest;
  return { kind, wire: mutation(answer, around) };
}

function pickKind(kinds: readonly string[], dice: Chance): string {
  const kind = dice.pick(kinds);
  return slow.includes(kind) && dice.below(4) > 0
    ? dice.pick(kinds.filter((each) => !slow.includes(each)))
    : kind;
}

/** The same choices for the same request of the same round, in whatever order requests come. */
export function chanceFor(seed: number, ...parts: readonly (string | number)[]): Chance {
  const hash = Bun.hash.xxHash32(parts.join("\0"), seed);
  return chance(hash);
}
