import { expect, test } from "bun:test";
import { join } from "node:path";
import { billOfMaterials } from "../../scripts/release/bill-of-materials.ts";
import { compiledIn, lockedPackages, runtimes } from "../../scripts/release/lock-file.ts";
import { repository } from "../kit/program/run-ec2nic.ts";

const all = lockedPackages();
const inside = compiledIn(all);
const platforms = runtimes(all);
const bom = billOfMaterials({
  version: "1.2.3",
  epochSeconds: 1_700_000_000,
  compiledIn: inside,
  runtimes: platforms,
  others: all.filter((each) => !inside.includes(each) && !platforms.includes(each)),
  executables: [{ name: "ec2nic-1.2.3-linux-x64", sha256: "0".repeat(64) }],
  licenceOf: () => "MIT",
});

interface Component {
  readonly name: string;
  readonly "bom-ref": string;
  readonly scope: string;
  readonly purl: string;
  readonly hashes: readonly { readonly content: string }[];
}
const { components, dependencies, serialNumber, metadata } = JSON.parse(bom);

test("what is compiled in is the dependencies and what they need, and nothing of the tools", () => {
  const names = ["citty", "consola", "destr", "node-fetch-native", "ofetch", "ufo", "valibot"];
  expect(inside.map(({ name }) => name)).toEqual(names);
  expect(platforms).toHaveLength(4);
  const excluded = components.filter((each: Component) => each.scope === "excluded");
  expect(excluded.map((each: Component) => each.name)).toContain("oxlint");
});

test("each component has its version and its sum, as the lock file pins them", () => {
  expect(components).toHaveLength(all.length);
  for (const each of components as readonly Component[]) {
    expect(each.purl).toMatch(/^pkg:npm\/(?:%40[\w-]+\/)?[\w-]+@\d[\w.-]*$/);
    expect(each.hashes[0]?.content).toMatch(/^[0-9a-f]{128}$/);
  }
});

test("what needs what refers to components that are there", () => {
  const refs = (components as readonly Component[]).map((each) => each["bom-ref"]);
  for (const { ref, dependsOn } of dependencies) {
    expect([...refs, metadata.component["bom-ref"]]).toContain(ref);
    for (const needed of dependsOn) expect(refs).toContain(needed);
  }
  expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test("the lock file names no host, so that any registry may bring the same bytes", async () => {
  expect(await Bun.file(join(repository, "bun.lock")).text()).not.toContain("://");
});
