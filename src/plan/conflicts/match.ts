/** Whether something of somebody else's means a NIC; `unknown`: that cannot be told from here. */
export type TriState = "yes" | "no" | "unknown";

/** All have to say yes. */
export function allOf(states: readonly TriState[]): TriState {
  if (states.includes("no")) return "no";
  return states.includes("unknown") ? "unknown" : "yes";
}

/** One is enough. */
export function anyOf(states: readonly TriState[]): TriState {
  if (states.includes("yes")) return "yes";
  return states.includes("unknown") ? "unknown" : "no";
}

export function negate(state: TriState): TriState {
  return state === "unknown" ? state : state === "yes" ? "no" : "yes";
}

/** Whether a shell's pattern (glob(7): `*`, `?`, `[…]`) fits a text; null: the text is not known. */
export function matchGlob(pattern: string, text: string | null): TriState {
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

export interface IniEntry {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/**
 * The settings of an INI file of somebody else's, in order: enough of systemd's and NetworkManager's
 * dialects to see what a file is for. Comments and lines that are no setting are left out; a line
 * that ends in a backslash goes on in the next, as systemd has it.
 */
export function parseIniEntries(text: string): readonly IniEntry[] {
  const blocks = text.replaceAll(/\\\r?\n/g, " ").split(/^(?=[ \t]*\[)/m);
  return blocks.flatMap((block) => {
    const [head = "", ...lines] = block.split(/\r?\n/);
    const section = /^\s*\[([^\]]*)\]\s*$/.exec(head)?.[1];
    return section === undefined ? [] : lines.flatMap((line) => parseIniEntry(section, line));
  });
}

function parseIniEntry(section: string, line: string): readonly IniEntry[] {
  const [, key, value] = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
  return key === undefined || value === undefined ? [] : [{ section, key, value }];
}
