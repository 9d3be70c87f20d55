import { type Folder, folderOf, isFolder } from "./folder.ts";
import { keyPath } from "./key-path.ts";
import { type Late, type Lateness, lateness } from "../scenario/lateness.ts";
import { isLeaf, type Leaf, leafBytes, type Tree } from "./tree.ts";

/** Everything below `latest/`. */
export interface Content {
  readonly metaData: Tree;
  readonly dynamic?: Tree;
  /** Bytes as the instance gets them; none: `user-data` is a 404. */
  readonly userData?: string | Uint8Array;
}

/** The metadata while it changes; `nowMs` is the clock that everything late is measured on. */
export class Metadata {
  readonly #root: Folder;
  readonly #late = new Map<string, Lateness>();
  readonly #nowMs: () => number;

  constructor(content: Content, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#root = folderOf({ "meta-data": content.metaData, dynamic: content.dynamic ?? {} });
    if (content.userData !== undefined) this.#root.children.set("user-data", content.userData);
  }

  /** The bytes at the names below `latest/`: a leaf's value or a folder's listing; null: 404. */
  read(names: readonly string[]): Uint8Array | null {
    let node: Leaf | Folder = this.#root;
    for (const [depth, name] of names.entries()) {
      const child: Leaf | Folder | undefined = isFolder(node) ? node.children.get(name) : undefined;
      const late = this.#lateAt(names.slice(0, depth + 1));
      if (child === undefined || (late && late.before === undefined)) return null;
      node = late?.before ?? child;
    }
    return leafBytes(isFolder(node) ? this.#listing(node, names) : node);
  }

  /** Puts a leaf or a whole folder at a key; it is there at once, and what was late under it. */
  set(key: string, value: Leaf | Tree): void {
    const names = keyPath(key);
    const name = names.at(-1) ?? "";
    this.#forgetLate(names);
    const folder = this.#makeFolders(names.slice(0, -1));
    folder.children.set(name, isLeaf(value) ? value : folderOf(value, `${name}/`));
  }

  /** Takes a leaf or a folder away; whether it was there. */
  remove(key: string): boolean {
    const names = keyPath(key);
    this.#forgetLate(names);
    const parent = this.#node(names.slice(0, -1));
    return parent !== undefined && isFolder(parent) && parent.children.delete(names.at(-1) ?? "");
  }

  /** `key` is late as `late` says, counted from `sinceMs`. */
  delay(key: string, late: Late, sinceMs: number): void {
    this.#late.set(idOf(keyPath(key)), lateness(late, sinceMs));
  }

  #listing(folder: Folder, names: readonly string[]): string[] {
    return [...folder.children]
      .filter(([name]) => this.#isListed([...names, name]))
      .map(([name, node]) => (isFolder(node) && names.length > 0 ? node.listedAs : name))
      .toSorted();
  }

  #isListed(names: readonly string[]): boolean {
    const late = this.#lateAt(names);
    return late === undefined || late.listed === true || late.before !== undefined;
  }

  #lateAt(names: readonly string[]): Lateness | undefined {
    const late = this.#late.get(idOf(names));
    return late !== undefined && late.dueMs > this.#nowMs() ? late : undefined;
  }

  #forgetLate(names: readonly string[]): void {
    const id = idOf(names);
    for (const key of this.#late.keys()) {
      if (key === id || key.startsWith(`${id}/`)) this.#late.delete(key);
    }
  }

  #node(names: readonly string[]): Leaf | Folder | undefined {
    let node: Leaf | Folder | undefined = this.#root;
    for (const name of names) {
      node = node !== undefined && isFolder(node) ? node.children.get(name) : undefined;
    }
    return node;
  }

  #makeFolders(names: readonly string[]): Folder {
    let folder = this.#root;
    for (const name of names) {
      const child = folder.children.get(name);
      const next = child !== undefined && isFolder(child) ? child : folderOf({}, `${name}/`);
      folder.children.set(name, next);
      folder = next;
    }
    return folder;
  }
}

/** Names as one string; each is encoded, for a name may itself hold a slash. */
function idOf(names: readonly string[]): string {
  return names.map(encodeURIComponent).join("/");
}
