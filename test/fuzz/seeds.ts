/** A round that once found something, and what: it is played again in every `make test`. */
export interface KeptSeed {
  readonly seed: number;
  readonly why: string;
}

/**
 * A seed means something together with the tables of mutations: who changes those lets the campaign
 * find others, with the same fault put back.
 */
export const keptSeeds: readonly KeptSeed[] = [];
