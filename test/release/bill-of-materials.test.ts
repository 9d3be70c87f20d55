import { expect, test } from "bun:test";
import { join } from "node:path";
import { billOfMaterials } from "../../scripts/release/bill-of-materials.ts";
import { compiledIn, lockedPackages, runtimes } from "../../scripts/release/lock-file.ts";
import { repository } from "../kit/program/run-ec2nic.ts";

const all = lockedPackages();
const compiled = compiledIn(all);
const platforms = runtimes(all);
const bom = billOfMaterials({
  version: "1.2.3",
  epochSeconds: 1_700_000_000,
  compiledIn: compiled,
  runtimes: platforms,
  others: all.filter((each) => !compiled.includes(each) && !platforms.includes(each)),
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

test("the compiled packages are the dependencies and theirs, without the tools", () => {
  const names = ["citty", "consola", "destr", "node-fetch-native", "ofetch", "ufo", "valibot"];
  expect(compiled.map(({ name }) => name)).toEqual(names);
  expect(platforms).toHaveLength(4);
  const excluded = components.filter((each: Component) => each.scope === "excluded");
  expect(excluded.map((each: Component) => each.name)).toContain("oxlint");
});

test("each component has the version and the hash of the lock file", () => {
  expect(components).toHaveLength(all.length);
  for (const each of components as readonly Component[]) {
    expect(each.purl).toMatch(/^pkg:npm\/(?:%40[\w-]+\/)?[\w-]+@\d[\w.-]*$/);
    expect(each.hashes[0]?.content).toMatch(/^[0-9a-f]{128}$/);
  }
});

test("the dependencies refer to existing components", () => {
  const refs = (components as readonly Component[]).map((each) => each["bom-ref"]);
  for (const { ref, dependsOn } of dependencies) {
    expect([...refs, metadata.component["bom-ref"]]).toContain(ref);
    for (const dependency of dependsOn) expect(refs).toContain(dependency);
  }
  expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test("the lock file names no host, so any registry can serve the packages", async () => {
  expect(await Bun.file(join(repository, "bun.lock")).text()).not.toContain("://");
});
