import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../kit/program/run-ec2nic.ts";

const page = await Bun.file(join(repository, "SECURITY.md")).text();
const named = [...page.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path ?? "");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (?:threat|---)/.test(line));

test("every test that SECURITY.md names is there, and every file that it links to", () => {
  const links = [...page.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path ?? "");
  expect(named.length).toBeGreaterThan(30);
  expect([...named, ...links].filter((path) => !existsSync(join(repository, path)))).toEqual([]);
});

test("each threat names what is done and a test that shows it", () => {
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const [, threat = "", done = "", shown = ""] = row.split("|").map((cell) => cell.trim());
    expect(threat).not.toBe("");
    expect(done, threat).not.toBe("");
    expect(shown, threat).toMatch(/^`test\/[^`]+\.test\.ts`(?:, `test\/[^`]+\.test\.ts`)*$/);
  }
});

test("what is not closed is told, in each part where there is something", () => {
  expect(page.match(/^\*\*Not closed:\*\*/gm)?.length).toBeGreaterThanOrEqual(4);
});

test("every test of this folder has its place in the threat model", () => {
  const own = readdirSync(import.meta.dir).map((name) => `test/security/${name}`);
  const unnamed = own.filter(
    (path) => !named.includes(path) && !path.endsWith("threat-model.test.ts"),
  );
  expect(unnamed).toEqual([]);
});
