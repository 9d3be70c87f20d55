import { Failure } from "../../exit.ts";
import {
  decodeText,
  formatKey,
  type MetadataPath,
  type MetadataTree,
  type Reading,
} from "../../model/metadata.ts";
import { isList, quoteShellWord } from "../../model/text.ts";

type Variables = Readonly<Record<string, string>>;

/**
 * Converts readings into environment variables. A name is `EC2_` and the key in capitals; each run
 * of characters other than ASCII letters and digits becomes one `_`. Throws `DATAERR` if two keys
 * would have the same name, or if a value cannot be a variable; it never returns only a part.
 */
export function toVariables(readings: readonly Reading[]): Variables {
  const owners = new Map<string, string>();
  const entries = readings.flatMap(flattenLeaves).map((leaf) => {
    const key = formatKey(leaf.path);
    const name = `EC2_${key.replace(/[^A-Za-z0-9]+/g, "_").toUpperCase()}`;
    const owner = owners.get(name);
    if (owner !== undefined && owner !== key) {
      const hint = "use --format json, which keeps the names of the keys";
      throw new Failure("DATAERR", `${owner} and ${key} would both be ${name}`, { hint });
    }
    owners.set(name, key);
    return [name, decodeLeaf(leaf)] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * One `NAME="value"` per line. Only `\`, `"`, `$` and the backtick are escaped: sh's `eval`, sh's
 * `.` and systemd's `EnvironmentFile=` then read the same value (systemd.exec(5)). Throws `DATAERR`
 * if a value has control characters or noncharacters, because systemd would drop the variable.
 */
export function renderEnv(variables: Variables): string {
  const lines = Object.entries(variables).map(([name, value]) => {
    // oxlint-disable-next-line no-control-regex
    const control = /[\u0001-\u0008\u000b-\u001f\u007f]/.exec(value);
    if (control !== null) {
      const code = control[0].charCodeAt(0).toString(16).padStart(2, "0");
      const hint = "use --format json, or -- COMMAND";
      throw new Failure("DATAERR", `${name} contains the control character 0x${code}`, { hint });
    }
    const noncharacter = /\p{Noncharacter_Code_Point}/u.exec(value)?.[0].codePointAt(0);
    if (noncharacter !== undefined) {
      const code = noncharacter.toString(16).toUpperCase().padStart(4, "0");
      const problem = `contains U+${code}, so systemd would drop the variable`;
      throw new Failure("DATAERR", `${name} ${problem}`, { hint: "use --format json" });
    }
    return `${name}="${value.replace(/[\\"$`]/g, "\\$&")}"\n`;
  });
  return lines.toSorted().join("");
}

function decodeLeaf({ path, bytes }: NamedLeaf): string {
  if (!bytes.includes(0)) return decodeText(bytes, path);
  const key = formatKey(path);
  const hint = `to save its bytes to a file: ec2nic fetch ${quoteShellWord(key)} --output FILE`;
  throw new Failure("DATAERR", `${key} has a NUL byte, which a variable cannot contain`, { hint });
}

/** One value with its path. */
interface NamedLeaf {
  readonly path: MetadataPath;
  readonly bytes: Uint8Array;
}

/** All leaves of a key or a folder. A list becomes text with one line per item, as in IMDS. */
function flattenLeaves(reading: Reading): readonly NamedLeaf[] {
  if (reading.kind === "leaf") return [reading];
  return flattenTree(reading.path, reading.tree);
}

function flattenTree(path: MetadataPath, tree: MetadataTree): readonly NamedLeaf[] {
  return Object.entries(tree).flatMap(([name, value]) => {
    const childPath = [...path, name];
    if (typeof value === "string") return [textLeaf(childPath, value)];
    if (isList(value)) return [textLeaf(childPath, value.join("\n"))];
    return flattenTree(childPath, value);
  });
}

function textLeaf(path: MetadataPath, text: string): NamedLeaf {
  return { path, bytes: new TextEncoder().encode(text) };
}
