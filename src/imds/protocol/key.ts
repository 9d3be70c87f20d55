import { Failure } from "../../exit.ts";
import type { MetadataPath } from "../../model/metadata.ts";

/** One thing that can be asked of IMDS: a leaf, or a folder of them. */
export interface Key {
  /** As the caller wrote it; answers are named by it. */
  readonly text: string;
  /** None: everything. */
  readonly path: MetadataPath;
}

/** The name of a metadata category may be a tag's key (128 characters of up to 4 bytes). */
const maxNameBytes = 512;

/** What lies directly in `latest/`; every other key is relative to `meta-data/`. */
const topFolders = ["dynamic", "user-data", "meta-data"];

/**
 * A KEY of the command line: relative to `meta-data/`, but `dynamic/…` and `user-data` are taken
 * from `latest/`. A slash at the end, and `latest/` or `meta-data/` in front, are what people
 * paste from the documentation: they change nothing. Throws `USAGE`.
 */
export function parseKey(text: string): Key {
  if (text === "") {
    const hint = "is a variable of the calling script empty?";
    throw new Failure("USAGE", "an empty key", { hint });
  }
  const trimmed = text.replace(/^\/?(latest(\/|$))?/, "").replace(/\/$/, "");
  if (trimmed === "") return { text, path: [] };
  const names = trimmed.split("/");
  for (const name of names) {
    const problem = checkName(name);
    if (problem === null) continue;
    const hint = "a key is a path such as instance-id or placement/region";
    throw new Failure("USAGE", `key "${text}": "${name}" ${problem}`, { hint });
  }
  const isTopLevel = topFolders.includes(names[0] ?? "");
  return { text, path: isTopLevel ? names : ["meta-data", ...names] };
}

/** The path below the endpoint, each name percent-encoded, so that none can leave its folder. */
export function toUrlPath(path: MetadataPath): string {
  return ["/latest", ...path.map(encodeURIComponent)].join("/");
}

/** What is wrong with a name in a path or a listing; null where nothing is. */
export function checkName(name: string): string | null {
  if (name === "") return "is an empty name";
  if (name === "." || name === "..") return "would leave its folder";
  if (name.includes("/")) return "holds a slash";
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(name)) return "holds a control character";
  if (!name.isWellFormed()) return "is not well-formed";
  if (new TextEncoder().encode(name).length > maxNameBytes) return "is too long";
  return null;
}

/** Credentials and user-data: left out of trees unless they are asked for, and of every cache. */
export function isSecret([first, second]: MetadataPath): boolean {
  if (first === "user-data") return true;
  return first === "meta-data" && ["iam", "identity-credentials"].includes(second ?? "");
}
