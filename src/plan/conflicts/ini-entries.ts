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
export function iniEntries(text: string): readonly IniEntry[] {
  const blocks = text.replaceAll(/\\\r?\n/g, " ").split(/^(?=[ \t]*\[)/m);
  return blocks.flatMap((block) => {
    const [head = "", ...lines] = block.split(/\r?\n/);
    const section = /^\s*\[([^\]]*)\]\s*$/.exec(head)?.[1];
    return section === undefined ? [] : lines.flatMap((line) => entryOf(section, line));
  });
}

function entryOf(section: string, line: string): readonly IniEntry[] {
  const [, key, value] = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
  return key === undefined || value === undefined ? [] : [{ section, key, value }];
}
