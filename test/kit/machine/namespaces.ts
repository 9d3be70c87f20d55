import { closeSync, openSync, readFileSync, readlinkSync } from "node:fs";

export const namespaceKinds = ["mnt", "net", "pid", "ipc", "uts", "cgroup"] as const;
export type NamespaceKind = (typeof namespaceKinds)[number];

/** The namespaces of a process, held open, so that they can be entered after its end. */
export interface Namespaces {
  /** An argv that runs a command in them, or in some of them. Throws after `close`. */
  readonly enter: (argv: readonly string[], kinds?: readonly NamespaceKind[]) => readonly string[];
  /** The options of nsenter for some of them, to combine with those of another process. */
  readonly options: (kinds: readonly NamespaceKind[]) => readonly string[];
  readonly close: () => void;
}

const optionNames: Readonly<Record<NamespaceKind, string>> = {
  mnt: "--mount",
  net: "--net",
  pid: "--pid",
  ipc: "--ipc",
  uts: "--uts",
  cgroup: "--cgroup",
};

/**
 * Opens the namespaces of a process. Open files are used instead of the process id, which can belong
 * to another process after its end or in another process namespace. Throws where a namespace is that
 * of this process, or where the process is not in its control group.
 */
export function holdNamespaces(
  pid: number,
  kinds: readonly NamespaceKind[],
  cgroup: string | null,
): Namespaces {
  if (!Number.isInteger(pid) || pid <= 1) throw new Error(`${pid} is no process of the sandbox`);
  if (cgroup !== null && !readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(cgroup)) {
    throw new Error(`process ${pid} is not in ${cgroup}: refused`);
  }
  for (const kind of kinds) {
    if (readlinkSync(`/proc/${pid}/ns/${kind}`) !== readlinkSync(`/proc/self/ns/${kind}`)) continue;
    throw new Error(`process ${pid} is in this machine's own ${kind} namespace: refused`);
  }
  const open = new Map(kinds.map((kind) => [kind, openSync(`/proc/${pid}/ns/${kind}`, "r")]));
  const options = (some: readonly NamespaceKind[]): readonly string[] =>
    some.map((kind) => {
      const descriptor = open.get(kind);
      if (descriptor === undefined) throw new Error(`the ${kind} namespace is gone`);
      return `${optionNames[kind]}=/proc/${process.pid}/fd/${descriptor}`;
    });
  return {
    options,
    enter: (argv, some = kinds) => ["nsenter", ...options(some), "--", ...argv],
    close: () => {
      for (const descriptor of open.values()) closeSync(descriptor);
      open.clear();
    },
  };
}
