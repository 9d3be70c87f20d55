import { expect, test } from "bun:test";
import fc from "fast-check";
import { startHostileImds } from "../../kit/program/hostile-imds.ts";
import { hostileName } from "../../kit/facts/hostile-names.ts";
import { runEc2nic } from "../../kit/program/run-ec2nic.ts";
import { seededRuns } from "../../kit/basics/seed.ts";

/** A KEY and the paths that fetch may request for it: itself, those below, the parent's listing. */
const requested = fc.constantFrom(
  {
    key: "tags/instance",
    at: "/latest/meta-data/tags/instance",
    parent: "/latest/meta-data/tags/",
  },
  { key: "public-keys/", at: "/latest/meta-data/public-keys", parent: "/latest/meta-data/" },
  { key: "meta-data", at: "/latest/meta-data", parent: "/latest/meta-data/" },
  { key: "dynamic/x", at: "/latest/dynamic/x", parent: "/latest/dynamic/" },
);

const listing = fc
  .array(hostileName, { minLength: 1, maxLength: 4 })
  .map((names) => names.join("\n"));

/** The listing of the key, and the listings of the folders below it. */
const tree = fc.record({ requested, top: listing, below: fc.array(listing, { maxLength: 3 }) });

test("with hostile listings, every request stays below the requested key", async () => {
  const property = fc.asyncProperty(
    tree,
    async ({ requested: { key, at, parent }, top, below }) => {
      const queue = [...below];
      const name = at.split("/").at(-1) ?? "";
      await using imds = await startHostileImds((target) => {
        if (target === `${at}/` || target === at) return Buffer.from(top);
        if (target === parent) return Buffer.from(`${name}/`);
        return Buffer.from(target.endsWith("/") ? (queue.shift() ?? "") : "leaf");
      });
      const { code, text, stderr } = await runEc2nic({
        args: ["fetch", key, "--endpoint", imds.url, "--timeout", "60s", "--retries", "0"],
      });
      const evidence = JSON.stringify({ code, stderr, targets: imds.targets });
      expect([0, 65], evidence).toContain(code);
      if (code === 0) JSON.parse(text);
      for (const target of imds.targets) {
        expect(target === at || target === parent || target.startsWith(`${at}/`), evidence).toBe(
          true,
        );
        expect(new URL(target, "http://imds").pathname, evidence).toBe(target);
        expect(target, evidence).toMatch(/^[!-~]+$/);
        expect(target.slice(1).replace(/\/$/, "").split("/"), evidence).not.toContain("");
      }
    },
  );
  await fc.assert(property, seededRuns(80));
});

test("fetch does not request a rejected name of a listing, and names it", async () => {
  for (const bad of ["..", "../", "a/b", "/etc", "a\r", "http://127.0.0.1/", "x".repeat(600)]) {
    await using imds = await startHostileImds((target) =>
      Buffer.from(target.endsWith("/") ? `good\n${bad}\nbetter` : "x"),
    );
    const args = ["fetch", "meta-data", "--endpoint", imds.url];
    const { code, text, stderr } = await runEc2nic({ args });
    expect({ bad, code, tree: JSON.parse(text) }).toEqual({
      bad,
      code: 0,
      tree: { better: "x", good: "x" },
    });
    const children = ["better", "good"].map((name) => `/latest/meta-data/${name}`);
    expect(imds.targets.toSorted()).toEqual(["/latest/meta-data/", ...children]);
    expect(stderr).toContain(": left out");
  }
});

test("an endless tree is rejected at 16 levels or at the deadline", async () => {
  await using deep = await startHostileImds(() => Buffer.from("a/"));
  const narrow = await runEc2nic({ args: ["fetch", "--endpoint", deep.url] });
  expect(narrow.code).toBe(65);
  expect(narrow.stderr).toContain("more than 16 folders deep");
  await using broad = await startHostileImds(() => Buffer.from("a/\nb/\nc/\nd/\ne/"));
  const args = ["fetch", "meta-data", "--endpoint", broad.url, "--timeout", "1s"];
  const { code, elapsedMs } = await runEc2nic({ args });
  expect([65, 69]).toContain(code);
  // a second, and ten times what a process needs; the tree itself has 10^11 folders
  expect(elapsedMs).toBeLessThan(10_000);
});
