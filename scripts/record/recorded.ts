const mark = /^<!-- recorded: ([\w-]+) -->\n\n```console\n([\s\S]*?)^```$/gm;

/** The names of the scenes that a document shows. */
export function marksIn(text: string): readonly string[] {
  return [...text.matchAll(mark)].map(([, name = ""]) => name);
}

/** Replaces the block below each mark by its recording; a block without a recording stays as it is. */
export function withRecordings(text: string, recordings: ReadonlyMap<string, string>): string {
  return text.replaceAll(mark, (all: string, name: string) => {
    const fresh = recordings.get(name);
    if (fresh === undefined) return all;
    return `<!-- recorded: ${name} -->\n\n\`\`\`console\n${fresh}\`\`\``;
  });
}
