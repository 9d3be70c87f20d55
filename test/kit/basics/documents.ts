import { join } from "node:path";
import { repository } from "../program/run-ec2nic.ts";

/** A document of the repository; its path is relative to the repository. */
export interface Document {
  readonly path: string;
  readonly text: string;
}

/** Every Markdown file for readers. */
export const documents: readonly Document[] = await Promise.all(
  ["*.md", "docs/**/*.md", "test/*.md"]
    .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync(repository)])
    .toSorted()
    .map(async (path) => ({ path, text: await Bun.file(join(repository, path)).text() })),
);

/** The document at a path. Throws where it does not exist. */
export function documentAt(path: string): Document {
  const found = documents.find((each) => each.path === path);
  if (found === undefined) throw new Error(`${path} does not exist`);
  return found;
}

/** The shell block below a mark of a document. Throws where there is none. */
export function blockBelow(path: string, mark: string): string {
  const [, below = ""] = documentAt(path).text.split(mark);
  const [, block] = /^\s+```sh\n([\s\S]*?)^```$/m.exec(below) ?? [];
  if (block === undefined) throw new Error(`${path} has no block below ${mark}`);
  return block;
}
