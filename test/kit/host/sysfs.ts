import type { Files } from "../../../src/host/host.ts";

/** A folder of sysfs: files are text, links are `{ link }`, an error is thrown when it is read. */
export type SysNode = string | { readonly link: string } | Error | SysFolder;
export interface SysFolder {
  readonly [name: string]: SysNode;
}

/** The reading half of `Files` over `/sys/class/net`, made of `folders`; links there are followed. */
export function sysfs(folders: SysFolder): Files {
  return sysTree({ class: { net: folders } });
}

/** The same over the whole of `/sys`. */
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
