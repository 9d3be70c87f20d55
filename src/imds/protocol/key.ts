import { Failure } from "../../exit.ts";
import { encodePathName, type MetadataPath } from "../../model/metadata.ts";

/** A leaf to read, or a folder to read with everything below it. */
export interface Key {
  /** The key as the user wrote it. The output uses it as the name of the value. */
  readonly text: string;
  /** Empty for the key that means everything. */
  readonly path: MetadataPath;
}

/** The longest name is the key of a tag: 128 characters of up to 4 bytes. */
const maxNameBytes = 512;

/** The names directly below `latest/`. Every other key is relative to `meta-data/`. */
const topFolders = ["dynamic", "user-data", "meta-data"];

/**
 * Parses a KEY of the command line, which is relative to `meta-data/` except for `dynamic/…` and
 * `user-data`. `latest/` or `meta-data/` in front and a slash at the end change nothing, because
 * people paste keys from the documentation. Throws `USAGE`.
 */
export function parseKey(text: string): Key {
  if (text === "") {
    const hint = "is a variable of the calling script empty?";
    throw new Failure("USAGE", "the key is empty", { hint });
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

/** The path in a URL. Each name is encoded, so that no name can lead out of its folder. */
export function toUrlPath(path: MetadataPath): string {
  return ["/latest", ...path.map(encodePathName)].join("/");
}

/** Why a name in a path or a listing is refused; null if the name is valid. */
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

/**
 * Whether a key is a secret by its path: user-data, `identity-credentials/`, and everything in a
 * folder `security-credentials/`, wherever it is. ECS keeps the keys of its tasks in
 * `iam-ecs-N/security-credentials/`. A secret is never cached, and not in a tree unless requested.
 */
export function isSecretPath([first, ...names]: MetadataPath): boolean {
  if (first === "user-data") return true;
  const isIdentity = first === "meta-data" && names[0] === "identity-credentials";
  return isIdentity || names.includes("security-credentials");
}

/**
 * Whether a value is a secret by its content: JSON that has a key `SecretAccessKey` somewhere, which
 * is the form in which AWS gives credentials to programs.
 */
export function isSecretValue(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  let isFound = false;
  try {
    JSON.parse(text, (key, value: unknown) => {
      isFound ||= key === "SecretAccessKey";
      return value;
    });
  } catch {
    return false;
  }
  return isFound;
}
