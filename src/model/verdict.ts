/** What is the matter with a way to IMDS, or with a NIC: stable words, for programs. */
export const verdictWords = [
  "reached",
  "down",
  "no-carrier",
  "no-address",
  "no-route",
  "prohibited",
  "rp-filter",
  "firewall",
  "nobody-on-link",
  "refused",
  "no-answer",
  "silent",
  "hop-limit",
  "switched-off",
  "throttled",
  "trouble",
  "not-imds",
  "not-a-candidate",
  "not-asked",
] as const;
export type VerdictWord = (typeof verdictWords)[number];

export interface Verdict {
  readonly word: VerdictWord;
  /** In words, without the NIC's name in front. */
  readonly text: string;
  /** Commands to paste, in order; null: none is known. */
  readonly mend: readonly string[] | null;
}
