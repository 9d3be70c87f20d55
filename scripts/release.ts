/**
 * `make release`: everything that is handed out, in dist/: executables for four kinds of machines, the
 * simulator, packages, man page and completions, a bill of materials, and the sums of all. Offline
 * once the packages are there; the same bytes in any folder (docs/decisions/packages.md).
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { optionalDependencies, version } from "../package.json";
import { needTools } from "../test/kit/basics/need-tools.ts";
import { docTexts, writeDocs } from "./docs/doc-texts.ts";
import { billOfMaterials } from "./release/bill-of-materials.ts";
import { compile } from "./release/compile.ts";
import { debianFamily, debianPackage } from "./release/debian-package.ts";
import { dayOf, sourceEpoch } from "./release/epoch.ts";
import { licenceOf, licenceTexts } from "./release/licences.ts";
import { compiledIn, lockedPackages, runtimes } from "./release/lock-file.ts";
import { type Family, packageFiles, type Papers } from "./release/package-files.ts";
import { type Program, programs } from "./release/programs.ts";
import { rpmFamily, rpmPackage } from "./release/rpm-package.ts";
import { sha256, sumLines } from "./release/sums.ts";
import { packagedTargets, type Target, targets } from "./release/targets.ts";

const startMs = performance.now();
const say = (what: string): void => {
  console.log(`${((performance.now() - startMs) / 1000).toFixed(1).padStart(6)} s  ${what}`);
};
needTools({ "dpkg-deb": "dpkg", rpmbuild: "rpm" });

const epochSeconds = sourceEpoch();
const all = lockedPackages();
const docs = docTexts(dayOf(epochSeconds));
const executables = targets.map((target) => make(programs.ec2nic, target));
const simulators = packagedTargets.map((target) => make(programs["ec2nic-imds-simulator"], target));
const papers: Papers = {
  ...docs,
  licences: licenceTexts(compiledIn(all), optionalDependencies["@oven/bun-linux-x64"]),
  changelog: readFileSync("CHANGELOG.md", "utf8"),
  pages: Object.fromEntries(pages().map((path) => [path, readFileSync(path, "utf8")])),
};
const packages: string[] = [];
for (const target of packagedTargets) {
  const wish = { version, target, executable: pathOf(programs.ec2nic, target), epochSeconds };
  const files = (family: Family) => packageFiles(papers, family);
  const made = await Promise.all([
    debianPackage({ ...wish, files: files(debianFamily) }),
    rpmPackage({ ...wish, files: files(rpmFamily) }),
  ]);
  packages.push(...made);
  say(made.join(", "));
}
const bom = `dist/ec2nic-${version}.cdx.json`;
await Bun.write(bom, materials());
const licences = `dist/ec2nic-${version}.licences.txt`;
await Bun.write(licences, papers.licences);
const handedOut = [...executables, ...simulators, ...packages, bom, licences];
await writeDocs(docs);
await Bun.write("dist/SHA256SUMS", sumLines(handedOut));
say(`dist/SHA256SUMS: ${handedOut.length} files`);

function pages(): readonly string[] {
  const below = [...new Bun.Glob("docs/**/*.md").scanSync()].toSorted();
  const others = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"];
  return [...others, "test/README.md", ...below];
}

function pathOf({ name }: Program, target: Target): string {
  return `dist/${name}-${version}-${target.name}`;
}

function make(program: Program, target: Target): string {
  const path = pathOf(program, target);
  compile(program, target, path);
  say(`${path}, ${(Bun.file(path).size / 1e6).toFixed(0)} MB`);
  return path;
}

function materials(): string {
  const [inside, platforms] = [compiledIn(all), runtimes(all)];
  return billOfMaterials({
    version,
    epochSeconds,
    compiledIn: inside,
    runtimes: platforms,
    others: all.filter((each) => !inside.includes(each) && !platforms.includes(each)),
    executables: executables.map((path) => ({ name: basename(path), sha256: sha256(path) })),
    licenceOf,
  });
}
