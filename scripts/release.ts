/**
 * `make release`: builds all files of a release in dist/: executables for four kinds of machines, the
 * simulator, packages, man page and completions, a bill of materials, and checksums. It works offline
 * once the npm packages are installed, and makes the same bytes in any folder
 * (docs/decisions/packages.md).
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { optionalDependencies, version } from "../package.json";
import { needTools } from "./shared/need-tools.ts";
import { docTexts, writeDocs } from "./docs/doc-texts.ts";
import { billOfMaterials } from "./release/bill-of-materials.ts";
import { compile } from "./release/compile.ts";
import { buildDebianPackage, debianKind } from "./release/debian-package.ts";
import { dayOf, sourceEpoch } from "./release/epoch.ts";
import { licenceOf, licenceTexts } from "./release/licences.ts";
import { compiledIn, lockedPackages, runtimes } from "./release/lock-file.ts";
import { packageFiles, type PackageKind, type PackageTexts } from "./release/package-files.ts";
import { type Program, programs } from "./release/programs.ts";
import { buildRpmPackage, rpmKind } from "./release/rpm-package.ts";
import { sha256, sumLines } from "./release/sums.ts";
import { packagedTargets, type Target, targets } from "./release/targets.ts";
import { fileSize, formatSeconds } from "./shared/format.ts";

const startMs = performance.now();
const report = (what: string): void => {
  console.log(`${formatSeconds(performance.now() - startMs).padStart(8)}  ${what}`);
};
needTools({ "dpkg-deb": "dpkg", rpmbuild: "rpm" });

const epochSeconds = sourceEpoch();
const all = lockedPackages();
const docs = docTexts(dayOf(epochSeconds));
const executables = targets.map((target) => build(programs.ec2nic, target));
const simulators = packagedTargets.map((target) =>
  build(programs["ec2nic-imds-simulator"], target),
);
const texts: PackageTexts = {
  ...docs,
  licences: licenceTexts(compiledIn(all), optionalDependencies["@oven/bun-linux-x64"]),
  changelog: readFileSync("CHANGELOG.md", "utf8"),
  pages: Object.fromEntries(pages().map((path) => [path, readFileSync(path, "utf8")])),
};
const packages: string[] = [];
for (const target of packagedTargets) {
  const common = { version, target, executable: pathOf(programs.ec2nic, target), epochSeconds };
  const files = (kind: PackageKind) => packageFiles(texts, kind);
  const built = await Promise.all([
    buildDebianPackage({ ...common, files: files(debianKind) }),
    buildRpmPackage({ ...common, files: files(rpmKind) }),
  ]);
  packages.push(...built);
  report(built.join(", "));
}
const bom = `dist/ec2nic-${version}.cdx.json`;
await Bun.write(bom, materials());
const licences = `dist/ec2nic-${version}.licences.txt`;
await Bun.write(licences, texts.licences);
const released = [...executables, ...simulators, ...packages, bom, licences];
await writeDocs(docs);
await Bun.write("dist/SHA256SUMS", sumLines(released));
report(`dist/SHA256SUMS: ${released.length} files`);

/** The README and the documents that it links to, which packages have. */
function pages(): readonly string[] {
  const docPages = [...new Bun.Glob("docs/**/*.md").scanSync()].toSorted();
  const others = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"];
  return [...others, "test/README.md", ...docPages];
}

function pathOf({ name }: Program, target: Target): string {
  return `dist/${name}-${version}-${target.name}`;
}

function build(program: Program, target: Target): string {
  const path = pathOf(program, target);
  compile(program, target, path);
  report(`${path}, ${fileSize(path)}`);
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
