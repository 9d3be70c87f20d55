import { type Folder, createFolder, isFolder } from "./folder.ts";
import { keyPath } from "./key-path.ts";
import { type Late, type Lateness, lateness } from "../scenario/lateness.ts";
import { isLeaf, type Leaf, leafBytes, type Tree } from "./tree.ts";

/** Everything below `latest/`. */
export interface Content {
  readonly metaData: Tree;
  readonly dynamic?: Tree;
  /** The exact bytes; if undefined, `user-data` is a 404. */
  readonly userData?: string | Uint8Array;
}

/** The metadata, which can change. Late keys appear by the clock `nowMs`. */
export class Metadata {
  readonly #root: Folder;
  readonly #late = new Map<string, Lateness>();
  readonly #nowMs: () => number;

  constructor(content: Content, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#root = createFolder({ "meta-data": content.metaData, dynamic: content.dynamic ?? {} });
    if (content.userData !== undefined) this.#root.children.set("user-data", content.userData);
  }

  /** Reads the path below `latest/`: a leaf's value or a folder's listing; null: 404. */
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

  /** Writes a leaf or a folder. It is readable at once: late rules at and below the key end. */
  set(key: string, value: Leaf | Tree): void {
    const names = keyPath(key);
    const name = names.at(-1) ?? "";
    this.#clearLate(names);
    const folder = this.#createFolders(names.slice(0, -1));
    folder.children.set(name, isLeaf(value) ? value : createFolder(value, `${name}/`));
  }

  /** Removes a leaf or a folder; returns whether it existed. */
  remove(key: string): boolean {
    const names = keyPath(key);
    this.#clearLate(names);
    const parent = this.#node(names.slice(0, -1));
    return parent !== undefined && isFolder(parent) && parent.children.delete(names.at(-1) ?? "");
  }

  /** Makes `key` late by the rule `late`, whose time counts from `sinceMs`. */
  delay(key: string, late: Late, sinceMs: number): void {
    this.#late.set(encodePath(keyPath(key)), lateness(late, sinceMs));
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
    const late = this.#late.get(encodePath(names));
    return late !== undefined && late.dueMs > this.#nowMs() ? late : undefined;
  }

  #clearLate(names: readonly string[]): void {
    const id = encodePath(names);
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

  #createFolders(names: readonly string[]): Folder {
    let folder = this.#root;
    for (const name of names) {
      const child = folder.children.get(name);
      const next = child !== undefined && isFolder(child) ? child : createFolder({}, `${name}/`);
      folder.children.set(name, next);
      folder = next;
    }
    return folder;
  }
}

/** The names as one string; each is encoded because a name may contain a slash. */
function encodePath(names: readonly string[]): string {
  return names.map(encodeURIComponent).join("/");
}
