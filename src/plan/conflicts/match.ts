/** Whether a foreign file matches a NIC; `unknown` if this cannot be decided here. */
export type TriState = "yes" | "no" | "unknown";

/** Three-valued AND. */
export function allOf(states: readonly TriState[]): TriState {
  if (states.includes("no")) return "no";
  return states.includes("unknown") ? "unknown" : "yes";
}

/** Three-valued OR. */
export function anyOf(states: readonly TriState[]): TriState {
  if (states.includes("yes")) return "yes";
  return states.includes("unknown") ? "unknown" : "no";
}

/** Three-valued NOT. */
export function negate(state: TriState): TriState {
  return state === "unknown" ? state : state === "yes" ? "no" : "yes";
}

/** Whether a glob pattern (glob(7): `*`, `?`, `[…]`) matches a text; null if it is not known. */
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
 * The settings of a foreign INI file, in order. Of systemd's and NetworkManager's dialects, only
 * what shows the NIC of a file is parsed; comments and other lines are left out. A line that ends
 * in a backslash continues on the next line, as in systemd.
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
