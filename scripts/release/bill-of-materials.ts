import { createHash } from "node:crypto";
import type { LockedPackage } from "./lock-file.ts";

/** What the bill of materials lists. */
export interface Materials {
  readonly version: string;
  readonly epochSeconds: number;
  readonly compiledIn: readonly LockedPackage[];
  readonly runtimes: readonly LockedPackage[];
  /** The packages that are only used to build and test. */
  readonly others: readonly LockedPackage[];
  /** The file name and the SHA-256 of each executable. */
  readonly executables: readonly { readonly name: string; readonly sha256: string }[];
  /** The licence of a package, as an SPDX identifier; null where it is not known. */
  readonly licenceOf: (name: string) => string | null;
}

/** Returns a software bill of materials in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). */
export function billOfMaterials(materials: Materials): string {
  const { version, epochSeconds, compiledIn, runtimes, others } = materials;
  const ref = `pkg:generic/ec2nic@${version}`;
  const all = [...compiledIn, ...runtimes, ...others];
  const bom = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([version, all, materials.executables]))}`,
    version: 1,
    metadata: {
      timestamp: new Date(epochSeconds * 1000).toISOString().replace(".000", ""),
      component: {
        type: "application",
        "bom-ref": ref,
        name: "ec2nic",
        version,
        licenses: [{ license: { id: "MIT" } }],
        components: materials.executables.map(({ name, sha256 }) => ({
          type: "file",
          "bom-ref": `file:${name}`,
          name,
          hashes: [{ alg: "SHA-256", content: sha256 }],
        })),
      },
    },
    components: [
      ...compiledIn.map((each) => component(each, "library", "required", materials)),
      ...runtimes.map((each) => component(each, "platform", "required", materials)),
      ...others.map((each) => component(each, "library", "excluded", materials)),
    ],
    dependencies: [
      { ref, dependsOn: [...compiledIn, ...runtimes].map(refOf) },
      ...all.map((each) => ({ ref: refOf(each), dependsOn: each.needs.flatMap(refIn(all)) })),
    ],
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

function component(
  each: LockedPackage,
  type: "library" | "platform",
  scope: "required" | "excluded",
  { licenceOf }: Materials,
) {
  const licence = licenceOf(each.name);
  const [, sha512 = ""] = /^sha512-(.+)$/.exec(each.integrity) ?? [];
  return {
    type,
    "bom-ref": refOf(each),
    name: each.name,
    version: each.version,
    scope,
    hashes: [{ alg: "SHA-512", content: Buffer.from(sha512, "base64").toString("hex") }],
    ...(licence === null ? {} : { licenses: [{ license: { id: licence } }] }),
    purl: refOf(each),
  };
}

function refIn(all: readonly LockedPackage[]): (name: string) => readonly string[] {
  return (name) => all.filter((each) => each.name === name).map(refOf);
}

/** The package URL, in which the `@` of a scope is escaped (https://github.com/package-url/purl-spec). */
function refOf({ name, version }: LockedPackage): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/** A UUID that is the same for the same content (RFC 9562, version 8). */
function uuidOf(content: string): string {
  const hex = createHash("sha256").update(content).digest("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return [...parts, hex.slice(20, 32)].join("-");
}
