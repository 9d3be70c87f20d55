import { expect, test } from "bun:test";
import { type Answer, transientError } from "../../../../src/imds/protocol/answer.ts";
import { readNetwork } from "../../../../src/imds/metadata/read-enis.ts";
import type { ImdsSession } from "../../../../src/imds/session.ts";

const macs = "meta-data/network/interfaces/macs";
const [primary, second] = ["06:ec:2a:00:00:00", "06:ec:2a:00:00:01"];
const names = [
  "device-number",
  "interface-id",
  "local-ipv4s",
  "mac",
  "subnet-ipv4-cidr-block",
  "vpc-ipv4-cidr-block",
  "vpc-ipv4-cidr-blocks",
];
const leaves = Object.fromEntries(names.map((name) => [name, `its ${name}`]));

type Tree = Readonly<Record<string, string>>;

function treeOf(folders: Readonly<Record<string, Tree>>): Tree {
  const below = Object.entries(folders).flatMap(([mac, folder]) => [
    [`${macs}/${mac}`, Object.keys(folder).join("\n")],
    ...Object.entries(folder).map(([name, value]) => [`${macs}/${mac}/${name}`, value]),
  ]);
  const listing = Object.keys(folders).map((mac) => `${mac}/`);
  return { "meta-data/mac": primary, [macs]: listing.join("\n"), ...Object.fromEntries(below) };
}

/** Answers from a tree and records the requests; `earlyAnswer` replaces the answers of `tryGet`. */
function sessionOf(tree: Tree, earlyAnswer?: () => Promise<Answer>) {
  const asked: string[] = [];
  const bodyOf = (key: string) => {
    const text = tree[key];
    return text === undefined ? null : new TextEncoder().encode(text);
  };
  const get: ImdsSession["get"] = async (path) => {
    asked.push(path.join("/"));
    return bodyOf(path.join("/"));
  };
  const tryGet: ImdsSession["tryGet"] = async (path) => {
    asked.push(`early ${path.join("/")}`);
    if (earlyAnswer !== undefined) return earlyAnswer();
    const body = bodyOf(path.join("/"));
    return body === null ? { kind: "absent" } : { kind: "value", body };
  };
  const stats: ImdsSession["stats"] = () => {
    throw new Error("stats is not called");
  };
  const close = async (): Promise<void> => undefined;
  const session = { get, tryGet, stats, deadlineMs: Infinity, retries: Infinity, close };
  return { session, asked };
}

const here = async (...present: readonly string[]) => new Set(present);

test("readNetwork reads each folder and each needed leaf once", async () => {
  const { session, asked } = sessionOf(treeOf({ [primary]: leaves, [second]: leaves }));
  const { enis } = await readNetwork(session, { known: {}, presentMacs: here(primary, second) });
  const of = (mac: string, ...wanted: readonly string[]) =>
    wanted.map((n) => `${macs}/${mac}/${n}`);
  expect(asked.toSorted()).toEqual([
    `early ${macs}/${primary}`,
    `early ${macs}/${second}`,
    "meta-data/mac",
    macs,
    ...[primary, second].flatMap((mac) => [
      ...of(mac, "device-number", "interface-id", "local-ipv4s", "subnet-ipv4-cidr-block"),
      ...of(mac, "vpc-ipv4-cidr-blocks"),
    ]),
  ]);
  expect(enis[second]).toEqual({
    "device-number": "its device-number",
    "interface-id": "its interface-id",
    "local-ipv4s": ["its local-ipv4s"],
    "subnet-ipv4-cidr-block": "its subnet-ipv4-cidr-block",
    "vpc-ipv4-cidr-blocks": ["its vpc-ipv4-cidr-blocks"],
  });
});

test("readNetwork reads vpc-ipv4-cidr-block where vpc-ipv4-cidr-blocks is not listed", async () => {
  const { "vpc-ipv4-cidr-blocks": _, ...older } = leaves;
  const { session, asked } = sessionOf(treeOf({ [primary]: leaves, [second]: older }));
  await readNetwork(session, { known: {}, presentMacs: here() });
  expect(asked).toContain(`${macs}/${second}/vpc-ipv4-cidr-block`);
});

test("a listed leaf without a value is the empty text, and vpc-ipv4-cidr-block replaces an empty vpc-ipv4-cidr-blocks", async () => {
  const empty = { ...leaves, "vpc-ipv4-cidr-blocks": "", "local-ipv4s": "" };
  const { session } = sessionOf(treeOf({ [primary]: empty }));
  const { enis } = await readNetwork(session, { known: {}, presentMacs: here() });
  expect(enis[primary]).toMatchObject({
    "local-ipv4s": "",
    "vpc-ipv4-cidr-blocks": "",
    "vpc-ipv4-cidr-block": "its vpc-ipv4-cidr-block",
  });
});

test("readNetwork returns no ENI for a present NIC that IMDS does not list", async () => {
  const { session } = sessionOf(treeOf({ [primary]: leaves }));
  const reading = await readNetwork(session, { known: {}, presentMacs: here(primary, second) });
  expect([Object.keys(reading.enis), reading.withoutFolder]).toEqual([[primary], []]);
});

test.each([
  ["404", async () => ({ kind: "absent" }) as const],
  ["a transient error", async () => transientError("503, throttled")],
  ["an error", () => Promise.reject(new Error("403"))],
])("an early read that ends with %s is repeated", async (_, earlyAnswer) => {
  const { session, asked } = sessionOf(treeOf({ [primary]: leaves }), earlyAnswer);
  const { enis } = await readNetwork(session, { known: {}, presentMacs: here(primary) });
  expect(Object.keys(enis)).toEqual([primary]);
  expect(asked.filter((key) => key === `${macs}/${primary}`)).toHaveLength(1);
});

test("readNetwork does not read a known ENI again", async () => {
  const { session, asked } = sessionOf(treeOf({ [primary]: leaves, [second]: leaves }));
  await readNetwork(session, { known: { [second]: {} }, presentMacs: here(primary, second) });
  expect(asked.filter((key) => key.includes(second))).toEqual([]);
});
