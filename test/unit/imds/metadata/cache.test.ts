import { expect, test } from "bun:test";
import { openCache } from "../../../../src/imds/metadata/cache.ts";
import { parseKey } from "../../../../src/imds/protocol/key.ts";
import type { Reading } from "../../../../src/model/metadata.ts";
import { fakeFiles, fakeLog, type FakeFiles } from "../../../kit/host/fake-host.ts";

const machine = {
  "/proc/uptime": "1000.00 1.0\n",
  "/proc/sys/kernel/random/boot_id": "boot-1\n",
  "/sys/class/dmi/id/product_uuid": "ec2-1\n",
  "/sys/class/dmi/id/board_asset_tag": "i-1\n",
};
const endpoints = ["http://a"];
const key = parseKey("mac");
const reading = (text: string, at = key): Reading => ({
  kind: "leaf",
  name: at.text,
  path: at.path,
  bytes: new TextEncoder().encode(text),
});

const open = (files: FakeFiles, maxAgeMs = 60_000, of = endpoints) =>
  openCache({ files, log: fakeLog(), uid: 0 }, of, maxAgeMs);

function change(files: FakeFiles, path: string, text: string): void {
  files.there.set(path, { content: new TextEncoder().encode(text), mode: 0o444 });
}

async function filledCache(): Promise<FakeFiles> {
  const files = fakeFiles(machine);
  await (await open(files)).add(reading("m"));
  return files;
}

/** The path of the only file of the cache. */
async function pathOf(files: FakeFiles): Promise<string> {
  const [name = ""] = await files.list("/run/ec2nic");
  return `/run/ec2nic/${name}`;
}

test("a stored value is found, with the name that the caller uses", async () => {
  const files = await filledCache();
  const again = parseKey("/latest/meta-data/mac");
  expect(await (await open(files)).find(again)).toEqual(reading("m", again));
  expect(files.there.get(await pathOf(files))?.mode).toBe(0o600);
});

test.each<[string, string, boolean]>([
  ["a value of 59 s is found", "1059.9 1", true],
  ["a value of the maximum age is found", "1060.00 1", true],
  ["an older value is not found", "1060.1 1", false],
  ["a value from the future is not found", "999 1", false],
  ["no value is found without an uptime", "", false],
])("%s", async (_, uptime, found) => {
  const files = await filledCache();
  change(files, "/proc/uptime", uptime);
  expect((await (await open(files)).find(key)) !== null).toBe(found);
});

test.each(["random/boot_id", "product_uuid", "board_asset_tag"])(
  "a value of another boot or instance is not found: %s",
  async (name) => {
    const files = await filledCache();
    const path = Object.keys(machine).find((each) => each.endsWith(name)) ?? "";
    change(files, path, "other");
    expect(await (await open(files)).find(key)).toBeNull();
  },
);

test("a value of another endpoint or key is not found", async () => {
  const files = await filledCache();
  expect(await (await open(files, 60_000, ["http://b"])).find(key)).toBeNull();
  expect(await (await open(files)).find(parseKey("ami-id"))).toBeNull();
});

test.each([
  ["user-data", "x"],
  ["iam/security-credentials/web", "x"],
  ["iam-ecs-0/security-credentials/task", "x"],
  ["identity-credentials/ec2/info", "x"],
  ["some/leaf", '{"SecretAccessKey": "x"}'],
])("%s is never stored: %s", async (text, value) => {
  const files = fakeFiles(machine);
  const cache = await open(files);
  await cache.add(reading(value, parseKey(text)));
  expect(await files.list("/run/ec2nic")).toEqual([]);
  expect(await cache.find(parseKey(text))).toBeNull();
});

type File = Parameters<FakeFiles["there"]["set"]>[1];

const untrusted: readonly (readonly [string, (file: File) => File])[] = [
  ["that others can read", (file) => ({ ...file, mode: 0o640 })],
  ["that others can write", (file) => ({ ...file, mode: 0o602 })],
  ["that is a link", (file) => ({ ...file, kind: "link" })],
  ["of another user", (file) => ({ ...file, uid: 65_534 })],
  ["that is truncated", (file) => ({ ...file, content: file.content.slice(0, -1) })],
  ["that is empty", (file) => ({ ...file, content: new Uint8Array() })],
  ["with other content", (file) => ({ ...file, content: Buffer.from('{"cachedAtMs":1}') })],
];

test.each(untrusted)("a file %s is ignored", async (_, change) => {
  const files = await filledCache();
  const path = await pathOf(files);
  const file = files.there.get(path);
  if (file !== undefined) files.there.set(path, change(file));
  expect(await (await open(files)).find(key)).toBeNull();
});

test("a stored tree is found as a tree", async () => {
  const files = fakeFiles(machine);
  const tree = JSON.parse('{"a": ["1"], "__proto__": "x", "b": {"c": "d"}}');
  const at = parseKey("tags");
  await (
    await open(files)
  ).add({ kind: "tree", name: "tags", path: at.path, tree, isComplete: true });
  const found = await (await open(files)).find(at);
  expect(JSON.stringify(found?.kind === "tree" ? found.tree : null)).toBe(JSON.stringify(tree));
});

test("a cache that cannot write stores nothing and does not fail", async () => {
  const files = fakeFiles(machine);
  const broken = { ...files, mkdir: () => Promise.reject(new Error("read-only")) };
  const log = fakeLog();
  const cache = await openCache({ files: broken, log, uid: 0 }, endpoints, 60_000);
  await cache.add(reading("m"));
  expect(await cache.find(key)).toBeNull();
  expect(log.lines[0]).toContain("(read-only)");
});
