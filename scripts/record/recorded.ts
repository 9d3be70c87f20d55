const mark = /^<!-- recorded: ([\w-]+) -->\n\n```console\n([\s\S]*?)^```$/gm;

/** The scenes that a document shows. */
export function marksIn(text: string): readonly string[] {
  return [...text.matchAll(mark)].map(([, name = ""]) => name);
}

/** The document with what its marks name in the blocks below them; unknown ones stay as they are. */
export function withRecordings(text: string, recordings: ReadonlyMap<string, string>): string {
  return text.replaceAll(mark, (all: string, name: string) => {
    const fresh = recordings.get(name);
    if (fresh === undefined) return all;
    return `<!-- recorded: ${name} -->\n\n\`\`\`console\n${fresh}\`\`\``;
  });
}
