import { Failure } from "../../exit.ts";
import type { MetadataPath } from "../../model/metadata.ts";

/** What `fetch` can read: a leaf, or a folder with everything below it. */
export interface Key {
  /** As the caller wrote it: the name of its value in the output. */
  readonly text: string;
  /** Empty: everything. */
  readonly path: MetadataPath;
}

/** The name of a metadata category may be a tag's key (128 characters of up to 4 bytes). */
const maxNameBytes = 512;

/** Directly below `latest/`; every other key is relative to `meta-data/`. */
const topFolders = ["dynamic", "user-data", "meta-data"];

/**
 * A KEY of the command line: relative to `meta-data/`, except for `dynamic/…` and `user-data`. A
 * slash at the end and `latest/` or `meta-data/` in front change nothing: people paste them from the
 * documentation. Throws `USAGE`.
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

/** The path below the endpoint. Each name is percent-encoded, so that none can leave its folder. */
export function toUrlPath(path: MetadataPath): string {
  return ["/latest", ...path.map(encodeURIComponent)].join("/");
}

/** Why a name in a path or a listing is refused; null: it is valid. */
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

/** Credentials and user-data: never cached, and left out of trees unless they are requested. */
export function isSecret([first, second]: MetadataPath): boolean {
  if (first === "user-data") return true;
  return first === "meta-data" && ["iam", "identity-credentials"].includes(second ?? "");
}
