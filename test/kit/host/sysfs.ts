import type { Files } from "../../../src/host/host.ts";

/** A node of sysfs: a file is text, a link is `{ link }`, and a read throws an `Error`. */
export type SysNode = string | { readonly link: string } | Error | SysFolder;
export interface SysFolder {
  readonly [name: string]: SysNode;
}

/** Read-only `Files` with these folders below `/sys/class/net`. */
export function sysfs(folders: SysFolder): Files {
  return sysTree({ class: { net: folders } });
}

/** Read-only `Files` with this `/sys`. */
export function sysTree(sys: SysFolder): Files {
  const root: SysFolder = { sys };
  const child = (node: SysNode | undefined, name: string): SysNode | undefined => {
    if (!isFolder(node)) return undefined;
    const folder: SysFolder = node;
    return Object.hasOwn(folder, name) ? folder[name] : undefined;
  };
  const at = (path: string): SysNode | undefined => {
    const parts = path.split("/").filter((part) => part !== "");
    return parts.reduce<SysNode | undefined>(child, root);
  };
  const never = () => Promise.reject(new Error("sysfs is not written to"));
  return {
    read: async (path) => {
      const node = at(path);
      if (node instanceof Error) throw node;
      return typeof node === "string" ? new TextEncoder().encode(node) : null;
    },
    list: async (path) => {
      const node = at(path);
      return isFolder(node) ? Object.keys(node).toSorted() : [];
    },
    readLink: async (path) => {
      const node = at(path);
      return isLink(node) ? node.link : null;
    },
    stat: async (path) => {
      const node = at(path);
      if (node === undefined) return null;
      const kind = typeof node === "string" ? "file" : isLink(node) ? "link" : "directory";
      return { kind, mode: 0o444, uid: 0, inode: 7 };
    },
    mkdir: never,
    write: never,
    writeInPlace: never,
    remove: never,
    symlink: never,
    hardLink: never,
    move: never,
    rmdir: never,
    removeTemporary: never,
  };
}

function isLink(node: SysNode | undefined): node is { readonly link: string } {
  return typeof node === "object" && !(node instanceof Error) && typeof node.link === "string";
}

function isFolder(node: SysNode | undefined): node is SysFolder {
  return typeof node === "object" && !(node instanceof Error) && typeof node.link !== "string";
}
