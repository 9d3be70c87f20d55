import { describe, expect, test } from "bun:test";
import { dirname, join } from "node:path";

/**
 * Words of an old private language, with the plain term for each. They are refused everywhere in the
 * repository: in names, comments, messages and documents.
 */
const words: Readonly<Record<string, string>> = {
  wish: "request, option",
  doorbell: "connection probe",
  heat: "round",
  "line-up": "candidates",
  ghost: "detached ENI",
  mend: "fix, repair",
  mends: "fixes, repairs",
  mended: "fixed, repaired",
  worthless: "invalid",
  sight: "observation",
  "case-book": "state",
  desk: "manager",
  mortal: "ends with its parent",
  whoever: "(name the program or the user)",
  nobody: "no process, no user",
  somebody: "(name the program or the user)",
  glance: "parse loosely",
  surroundings: "environment",
  newcomer: "new path, new NIC",
};

/** Names of files on disk and of other programs, and the old names that the changelog gives. */
const exceptions = [
  /\.(?:\(\?:)?wish\b/,
  /USER: "somebody"/,
  /resolvConf} is somebody else's/,
  /verdict\.mend|nobody-on-link/,
];

const root = join(dirname(import.meta.path), "..");
const globs = ["src/**/*.ts", "test/**/*.ts", "scripts/**/*.{ts,sh}", "docs/**/*.md", "*.md"];
const files = globs.flatMap((glob) => [...new Bun.Glob(glob).scanSync(root)]).toSorted();
const lines = await Promise.all(
  files
    .filter((file) => file !== "test/words.test.ts")
    .map(async (file) => {
      const text = await Bun.file(join(root, file)).text();
      return text.split("\n").map((line, index) => ({ at: `${file}:${index + 1}`, line }));
    }),
);

describe("plain words", () => {
  test.each(Object.entries(words))("%s is not used: %s", (word) => {
    const pattern = new RegExp(`\\b${word}\\b`, "i");
    const found = lines.flat().filter(({ line }) => {
      return pattern.test(line) && !exceptions.some((exception) => exception.test(line));
    });
    expect(found.map(({ at, line }) => `${at}: ${line.trim()}`)).toEqual([]);
  });
});
