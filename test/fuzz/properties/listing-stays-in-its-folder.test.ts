import { expect, test } from "bun:test";
import fc from "fast-check";
import { Failure } from "../../../src/exit.ts";
import { checkName, parseKey, toUrlPath } from "../../../src/imds/protocol/key.ts";
import { parseListing } from "../../../src/imds/metadata/listing.ts";
import { hostileName } from "../../kit/facts/hostile-names.ts";
import { seededRuns } from "../../kit/basics/seed.ts";

const folders = [["meta-data"], ["meta-data", "tags", "instance"], ["meta-data", "public-keys"]];
const folder = fc.constantFrom(...folders);

/** The path after URL parsing, which resolves dots and converts backslashes. */
const resolved = (path: string) => new URL(path, "http://imds").pathname;

/** Returns undefined if the work throws a `Failure`; any other error is a defect. */
function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

test("with any listing, no path of a child leaves the folder", () => {
  const bodies = fc.array(hostileName, { maxLength: 6 }).map((names) => names.join("\n"));
  const property = fc.property(folder, bodies, (path, text) => {
    const listing = unlessRefused(() => parseListing(new TextEncoder().encode(text), path));
    const entries = listing?.entries ?? [];
    const base = `${toUrlPath(path)}/`;
    for (const { name } of entries) {
      const child = toUrlPath([...path, name]);
      expect(resolved(child)).toBe(child);
      expect(child).toStartWith(base);
      expect(child.slice(base.length)).not.toMatch(/[/\\?#\s]|^\.{1,2}$|^$/);
    }
  });
  fc.assert(property, seededRuns(3000));
});

test("any bytes are parsed as a listing or rejected with a Failure", () => {
  const property = fc.property(folder, fc.uint8Array({ maxLength: 40 }), (path, body) => {
    unlessRefused(() => parseListing(body, path));
  });
  fc.assert(property, seededRuns(3000));
});

test("any KEY is rejected or stays below latest/", () => {
  const key = fc.array(hostileName, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
  const property = fc.property(key, (text) => {
    const parsed = unlessRefused(() => parseKey(text));
    if (parsed === undefined) return;
    const path = toUrlPath(parsed.path);
    expect(resolved(path)).toBe(path);
    expect(path).toMatch(/^\/latest(\/(meta-data|dynamic|user-data)(\/|$)|$)/);
  });
  fc.assert(property, seededRuns(3000));
});

test("a valid name is unchanged after encoding and decoding of its path", () => {
  const property = fc.property(fc.string({ unit: "binary", maxLength: 30 }), (name) => {
    if (checkName(name) !== null) return;
    const [, , , last = ""] = toUrlPath(["meta-data", name]).split("/");
    expect(decodeURIComponent(last)).toBe(name);
  });
  fc.assert(property, seededRuns(3000));
});
