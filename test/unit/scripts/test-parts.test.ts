import { describe, expect, test } from "bun:test";
import { chooseParts, longTests, type Part, parts } from "../../../scripts/test/parts.ts";
import { announce, countTests, summarize } from "../../../scripts/test/report.ts";
import { repository } from "../../kit/program/run-ec2nic.ts";

const files = [...new Bun.Glob("test/**/*.test.ts").scanSync(repository)];
const pathsOf = ({ groups }: Part): readonly string[] => groups.flat();
const textOf = (path: string): Promise<string> => Bun.file(`${repository}/${path}`).text();

describe("the parts of make test", () => {
  test("each test file belongs to one part, or to the long tests", () => {
    const all = parts.flatMap(pathsOf);
    const wrong = files.filter((file) => {
      // bun runs each file whose path has the words in it
      const count = all.filter((path) => file.includes(path)).length;
      return count !== 1 && !(count === 0 && longTests.test(file));
    });
    expect(wrong).toEqual([]);
  });

  test("each path of a part has test files", () => {
    const paths = parts.flatMap(pathsOf);
    expect(paths.filter((path) => !files.some((file) => file.startsWith(path)))).toEqual([]);
  });

  test("the long tests of release/ are those that need the files of a release", async () => {
    const chosen = parts.flatMap(pathsOf);
    for (const file of files.filter((each) => each.startsWith("test/release/"))) {
      const needsFiles = /releaseMissing|is not built/.test(await textOf(file));
      expect({ file, isChosen: chosen.includes(file) }).toEqual({ file, isChosen: !needsFiles });
    }
  });

  test("PART chooses by name, and an unknown name is refused with the list", () => {
    const names = (choice: string): unknown => {
      const found = chooseParts(choice);
      return typeof found === "string" ? found : found.map(({ name }) => name);
    };
    expect(names("")).toEqual(parts.map(({ name }) => name));
    expect(names("cli,unit")).toEqual(["unit", "cli"]);
    expect(names("cli,nope")).toStartWith("no part of make test: nope; there are style, unit, ");
  });
});

const here = { isRoot: true, missing: [], canInstall: true, rootsToBuild: 0 };
const some: readonly Part[] = [
  { name: "a", what: "first", seconds: 20, groups: [] },
  { name: "b", what: "second", seconds: 600, needsRoot: true, groups: [] },
];

describe("the announcement", () => {
  test("has each part with its time, and what is installed or built", () => {
    const text = announce(some, { ...here, missing: ["nftables"], rootsToBuild: 2 });
    expect(text.split("\n")).toEqual([
      "about 10 min where the machine does nothing else:",
      "  a            20 s  first",
      "  b          10 min  second (needs root)",
      "installs: nftables",
      "builds 2 root file systems, half a minute each, and keeps them",
    ]);
  });

  test("says what is skipped without root", () => {
    const text = announce(some, {
      ...here,
      isRoot: false,
      canInstall: false,
      missing: ["nftables"],
    });
    expect(text).toContain("without root, the tests of b are skipped");
    expect(text).toContain("not installed (tests are skipped): nftables");
  });
});

describe("the counts of a process", () => {
  const ran = "\n 3 pass\n 1 skip\n 0 fail\nRan 4 tests across 1 file. [1.00s]\n";
  test.each([
    ["of tests that passed", 0, ran, { passed: 3, failed: 0, skipped: 1 }],
    [
      "with a failed test",
      1,
      ran.replace("0 fail", "1 fail"),
      { passed: 3, failed: 1, skipped: 1 },
    ],
    ["that crashed after its report", 1, ran, { passed: 3, failed: 1, skipped: 1 }],
    ["that crashed before its report", 132, "oh\n", { passed: 0, failed: 1, skipped: 0 }],
    [
      "with an error outside of tests",
      1,
      ran.replace("0 fail", "1 fail\n 1 error"),
      { passed: 3, failed: 2, skipped: 1 },
    ],
  ])("%s", (_, code, output, counts) => {
    expect(countTests({ code, output })).toEqual(counts);
  });

  test("the report ends with a table of the parts and the sum", () => {
    const step = { code: 0, output: ran, ms: 1500 };
    const { text, ok } = summarize([
      { ...step, part: "unit" },
      { ...step, part: "cli" },
      { ...step, part: "cli", code: 1 },
    ]);
    expect(text.split("\n")).toEqual([
      "part        passed  failed skipped    time",
      "unit             3       0       1     2 s",
      "cli              6       1       2     3 s",
      "9 passed, 1 failed, 3 skipped",
    ]);
    expect(ok).toBe(false);
  });

  test("a run in which no test ran fails", () => {
    expect(summarize([{ part: "unit", code: 0, output: "", ms: 1 }]).ok).toBe(false);
    expect(summarize([{ part: "style", code: 0, output: "", ms: 1 }]).ok).toBe(true);
  });
});
