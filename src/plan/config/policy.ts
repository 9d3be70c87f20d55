import { Failure } from "../../exit.ts";
import { policyPath } from "../../model/managed-paths.ts";

/** What the admin sets for all NICs in `/etc/ec2nic/policy`. */
export interface Policy {
  /** Whether secondary ENIs have a default route in the main table. */
  readonly hasSecondaryDefaults: boolean;
}

const words = { noSecondaryDefaults: "no-secondary-defaults" } as const;

/**
 * Parses the policy: one word per line; `#` begins a comment. Throws `CONFIG` for an unknown word,
 * because an admin who forbids something must not believe that it is forbidden when it is not.
 */
export function parsePolicy(text: string | null): Policy {
  const lines = (text ?? "").split("\n").map((line) => line.replace(/#.*/, "").trim());
  const known: readonly string[] = Object.values(words);
  const unknown = lines.findIndex((word) => word !== "" && !known.includes(word));
  if (unknown !== -1) {
    const place = `${policyPath}:${unknown + 1}`;
    const hint = `the known words are: ${known.join(", ")}`;
    const message = `${place}: ${JSON.stringify(lines[unknown])} is not a known word`;
    throw new Failure("CONFIG", message, { hint });
  }
  return { hasSecondaryDefaults: !lines.includes(words.noSecondaryDefaults) };
}
