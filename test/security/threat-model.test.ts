import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../kit/program/run-ec2nic.ts";

const page = await Bun.file(join(repository, "SECURITY.md")).text();
const namedTests = [...page.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path ?? "");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (?:threat|---)/.test(line));

test("every test that SECURITY.md names and every file that it links to exist", () => {
  const links = [...page.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path ?? "");
  expect(namedTests.length).toBeGreaterThan(30);
  expect([...namedTests, ...links].filter((path) => !existsSync(join(repository, path)))).toEqual(
    [],
  );
});

test("each threat in SECURITY.md has a countermeasure and a test", () => {
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const [, threat = "", countermeasure = "", tests = ""] = row
      .split("|")
      .map((cell) => cell.trim());
    expect(threat).not.toBe("");
    expect(countermeasure, threat).not.toBe("");
    expect(tests, threat).toMatch(/^`test\/[^`]+\.test\.ts`(?:, `test\/[^`]+\.test\.ts`)*$/);
  }
});

test("SECURITY.md has at least four 'Not closed' paragraphs", () => {
  expect(page.match(/^\*\*Not closed:\*\*/gm)?.length).toBeGreaterThanOrEqual(4);
});

test("SECURITY.md names every test of this folder", () => {
  const tests = readdirSync(import.meta.dir).map((name) => `test/security/${name}`);
  const unnamed = tests.filter(
    (path) => !namedTests.includes(path) && !path.endsWith("threat-model.test.ts"),
  );
  expect(unnamed).toEqual([]);
});
