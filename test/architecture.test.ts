import { describe, expect, test } from "bun:test";
import { folders } from "../scripts/source-tree/folders.ts";
import { effectsIn, forbiddenImports, needlessRights } from "../scripts/source-tree/judge.ts";
import {
  codeOf,
  findCircles,
  packagesLoadedWith,
  readSources,
} from "../scripts/source-tree/read-sources.ts";

const sources = await readSources();

describe("the import table", () => {
  for (const [folder, { may, pure, why }] of Object.entries(folders)) {
    test(`src/${folder} imports only ${may || "nothing"}: ${why}`, () => {
      expect(forbiddenImports(sources, folder)).toEqual([]);
    });

    test(`src/${folder} needs each entry of its row`, () => {
      expect(needlessRights(sources, folder)).toEqual([]);
    });

    if (pure === true) {
      test(`src/${folder} is pure: it imports pure folders only`, () => {
        expect(effectsIn(sources, folder)).toEqual([]);
      });
    }
  }

  test("every folder of src/ has a row", () => {
    const unknown = sources.filter(({ folder }) => folders[folder] === undefined);
    expect(unknown.map(({ file }) => file)).toEqual([]);
  });

  test("imports are seen at all", () => {
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(500);
  });

  test("no import leads back to where it began", () => {
    expect(findCircles(sources)).toEqual([]);
  });
});

// each costs milliseconds: docs/performance.md
describe("what is loaded before it is needed", () => {
  test.each([
    ["src/main.ts", []],
    ["src/commands/fetch.ts", ["citty", "node:util", "ofetch"]],
    ["src/commands/hotplug.ts", ["citty", "node:util"]],
    ["src/host/system.ts", ["consola/core", "node:fs/promises", "node:os"]],
    ["src/imds/connect/survey-links.ts", []],
  ])("%s loads %j", (file, packages) => {
    expect(packagesLoadedWith(sources, file)).toEqual(packages);
  });
});

describe("what a line may name", () => {
  const bans = [
    { pattern: /\bBun\./, allowed: ["host"], why: "effects come in as a Host" },
    {
      pattern: /\bprocess\./,
      allowed: ["host", "main.ts"],
      why: "environment and exit belong to host and main",
    },
    { pattern: /\bprocess\.exit\b/, allowed: ["main.ts"], why: "one place ends the process" },
    { pattern: /\bconsole\./, allowed: [], why: "stdout is data, and one function owns it" },
    {
      pattern: /\bDate\.now\b/,
      allowed: ["imds", "host"],
      why: "clocks are injected (apart from dates of Retry-After, and the times of files)",
    },
    {
      pattern: /\b(?:setTimeout|setInterval)\b/,
      allowed: ["host", "imds"],
      why: "waits are seen in the signature",
    },
    { pattern: /\bMath\.random\b/, allowed: ["host"], why: "chance is injected" },
    { pattern: /\benum\b\s+\w+\s*\{/, allowed: [], why: "unions of words need no run time" },
    {
      pattern: /\bNetworkInterface\b/,
      allowed: [],
      why: "Eni is IMDS's side, Link the kernel's, Nic the pair",
    },
  ] as const;

  for (const { pattern, allowed, why } of bans) {
    test(`${pattern.source} only in ${allowed.join(", ") || "no folder"}: ${why}`, () => {
      const isAllowed = (folder: string): boolean =>
        allowed.some((each) => folder === each || folder.startsWith(`${each}/`));
      const found = sources
        .filter(({ folder }) => !isAllowed(folder))
        .filter(({ text }) => pattern.test(codeOf(text)));
      expect(found.map(({ file }) => file)).toEqual([]);
    });
  }
});

test("the only library that is loaded is libc.so.6: Bun looks for unknown ones in the working directory", () => {
  const calls = sources.flatMap(({ text }) => [...text.matchAll(/dlopen\(([^,]*),/g)]);
  expect(calls.map(([, name]) => name)).toEqual(['"libc.so.6"']);
});

describe("the size of things", () => {
  const lines = sources.map((source) => ({ file: source.file, lines: source.lines }));

  test("no file is over 250 lines", () => {
    expect(lines.filter((each) => each.lines > 250)).toEqual([]);
  });

  test("the median file has 60 to 130 lines", () => {
    const sorted = lines.map((each) => each.lines).toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    expect(median).toBeGreaterThanOrEqual(60);
    expect(median).toBeLessThanOrEqual(130);
  });

  test("no folder has over 15 files side by side, model/ aside, which is a vocabulary (16)", () => {
    const counts = Map.groupBy(sources, ({ folder }) => folder);
    const full = [...counts].filter(
      ([folder, { length }]) => length > (folder === "model" ? 16 : 15),
    );
    expect(full.map(([folder]) => folder)).toEqual([]);
  });

  test("a command is at most 60 lines, without a loop and without a try", () => {
    const commands = sources.filter(({ text }) => /^export default /m.test(text));
    expect(commands.length).toBeGreaterThan(0);
    for (const { text } of commands) {
      expect(text.split("\n").length).toBeLessThanOrEqual(61);
      expect(codeOf(text)).not.toMatch(/\b(?:for|while|try)\b\s*[({]/);
    }
  });

  test("no file has a name that says nothing", () => {
    const empty =
      /(?:^|\/)(?:utils?|helpers?|types|common|misc|index)\.ts$|(?:(?<!network-)manager|service)\.ts$/;
    expect(sources.filter(({ file }) => empty.test(file))).toEqual([]);
  });
});
