/** Whether something of somebody else's means a NIC; `unknown`: that cannot be told from here. */
export type Verdict = "yes" | "no" | "unknown";

/** All have to say yes. */
export function every(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("no")) return "no";
  return verdicts.includes("unknown") ? "unknown" : "yes";
}

/** One is enough. */
export function some(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("yes")) return "yes";
  return verdicts.includes("unknown") ? "unknown" : "no";
}

export function not(verdict: Verdict): Verdict {
  return verdict === "unknown" ? verdict : verdict === "yes" ? "no" : "yes";
}

/** Whether a shell's pattern (glob(7): `*`, `?`, `[…]`) fits a text; null: the text is not known. */
export function fits(pattern: string, text: string | null): Verdict {
  if (pattern === "*") return "yes";
  if (text === null) return "unknown";
  const source = pattern.replaceAll(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (part.length > 1) return part.replace("[!", "[^").replaceAll("\\", "\\\\");
    return part.replace(/[\\^$.|+(){}[\]/]/, "\\$&");
  });
  try {
    return new RegExp(`^${source}$`, "s").test(text) ? "yes" : "no";
  } catch {
    return "unknown";
  }
}
