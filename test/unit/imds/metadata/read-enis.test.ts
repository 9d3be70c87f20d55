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

/** Answers from a tree, and tells what was asked; `looks`: what single tries come to instead. */
function sessionOf(tree: Tree, looks?: () => Promise<Answer>) {
  const asked: string[] = [];
  const bodyOf = (key: string) => {
    const text = tree[key];
    return text === undefined ? null : new TextEncoder().encode(text);
  };
  const get: ImdsSession["get"] = async (path) => {
    asked.push(path.join("/"));
    return bodyOf(path.join("/"));
  };
  const look: ImdsSession["tryGet"] = async (path) => {
    asked.push(`early ${path.join("/")}`);
    if (looks !== undefined) return looks();
    const body = bodyOf(path.join("/"));
    return body === null ? { kind: "absent" } : { kind: "value", body };
  };
  const stats: ImdsSession["stats"] = () => {
    throw new Error("nobody asks");
  };
  const close = async (): Promise<void> => undefined;
  const session = { get, tryGet: look, stats, deadlineMs: Infinity, retries: Infinity, close };
  return { session, asked };
}

const here = async (...present: readonly string[]) => new Set(present);

test("each folder and each leaf that matters is asked for once, and the primary's rules' are not", async () => {
  const { session, asked } = sessionOf(treeOf({ [primary]: leaves, [second]: leaves }));
  const { enis } = await readNetwork(session, { known: {}, presentMacs: here(primary, second) });
  const of = (mac: string, ...wanted: readonly string[]) =>
    wanted.map((n) => `${macs}/${mac}/${n}`);
  expect(asked.toSorted()).toEqual([
    `early ${macs}/${primary}`,
    `early ${macs}/${second}`,
    "meta-data/mac",
    macs,
    ...of(primary, "interface-id", "local-ipv4s", "subnet-ipv4-cidr-block"),
    ...of(second, "device-number", "interface-id", "local-ipv4s", "subnet-ipv4-cidr-block"),
    ...of(second, "vpc-ipv4-cidr-blocks"),
  ]);
  expect(enis[second]).toEqual({
    "device-number": "its device-number",
    "interface-id": "its interface-id",
    "local-ipv4s": ["its local-ipv4s"],
    "subnet-ipv4-cidr-block": "its subnet-ipv4-cidr-block",
    "vpc-ipv4-cidr-blocks": ["its vpc-ipv4-cidr-blocks"],
  });
});

test("where there is only the first block of the VPC, that is asked for", async () => {
  const { "vpc-ipv4-cidr-blocks": _, ...older } = leaves;
  const { session, asked } = sessionOf(treeOf({ [primary]: leaves, [second]: older }));
  await readNetwork(session, { known: {}, presentMacs: here() });
  expect(asked).toContain(`${macs}/${second}/vpc-ipv4-cidr-block`);
});

test("a NIC that is here and not listed is none of IMDS's", async () => {
  const { session } = sessionOf(treeOf({ [primary]: leaves }));
  const reading = await readNetwork(session, { known: {}, presentMacs: here(primary, second) });
  expect([Object.keys(reading.enis), reading.incomplete]).toEqual([[primary], {}]);
});

test.each([
  ["404", async () => ({ kind: "absent" }) as const],
  ["trouble", async () => transientError("503, throttled")],
  ["an error", () => Promise.reject(new Error("403"))],
])("an early look that comes to %s decides nothing: it is asked again", async (_, looks) => {
  const { session, asked } = sessionOf(treeOf({ [primary]: leaves }), looks);
  const { enis } = await readNetwork(session, { known: {}, presentMacs: here(primary) });
  expect(Object.keys(enis)).toEqual([primary]);
  expect(asked.filter((key) => key === `${macs}/${primary}`)).toHaveLength(1);
});

test("what is known is not asked for again, early or later", async () => {
  const { session, asked } = sessionOf(treeOf({ [primary]: leaves, [second]: leaves }));
  await readNetwork(session, { known: { [second]: {} }, presentMacs: here(primary, second) });
  expect(asked.filter((key) => key.includes(second))).toEqual([]);
});
