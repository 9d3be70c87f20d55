import type { ConfigFile, Step } from "../../model/plan.ts";

/** A symbolic link by which systemd starts a unit. */
export interface UnitLink {
  readonly path: string;
  /** As written in the link. */
  readonly target: string;
}

/** What `--install` puts on a machine. */
export interface Installation {
  readonly files: readonly ConfigFile[];
  readonly links: readonly UnitLink[];
}

/** What exists at a path that belongs or may belong to an installation. */
export interface InstalledEntry {
  readonly path: string;
  readonly kind: "file" | "directory" | "link" | "other";
  /** Of a file; else "". */
  readonly content: string;
  readonly mode: number;
  /** Of a link, as written in it; else null. */
  readonly target: string | null;
}

/** What the plan of an installation depends on, on the target. */
export interface InstallFacts {
  /** Sorted by path; everything with a name of ec2nic, whichever program wrote it. */
  readonly entries: readonly InstalledEntry[];
  /** The existing ones of the directories that the installation needs. */
  readonly directories: readonly string[];
  /** udev rules and settings of other programs that configure NICs at hot-plug. */
  readonly hotplugFiles: readonly HotplugFile[];
  /** The daemons that must be told of changes; none for an image. */
  readonly runningDaemons: readonly Daemon[];
  /** The daemons whose files exist. */
  readonly installedDaemons: readonly Daemon[];
  /** false: the target is the running machine. */
  readonly isImage: boolean;
  /** Our timers and path units that are active. */
  readonly activeUnits: readonly string[];
}

/** The daemons that read the installed files. */
export const daemons = ["systemd", "udev"] as const;
export type Daemon = (typeof daemons)[number];

/** A file of another program; `isMask`: a link to /dev/null, which hides files of the same name. */
export interface HotplugFile {
  readonly path: string;
  readonly content: string;
  readonly isMask: boolean;
}

/** Another program that configures NICs at hot-plug. */
export interface Competitor {
  readonly name: string;
  /** The files that show it. */
  readonly files: readonly string[];
  /** Shell commands that disable it. */
  readonly commands: readonly string[];
}

/** Everything that `--install` or `--uninstall` does; `--dry-run` prints it. */
export interface InstallPlan {
  /** Run before the old files are removed. */
  readonly stepsBefore: readonly Step[];
  readonly write: readonly ConfigFile[];
  readonly links: readonly UnitLink[];
  /** Files and links. */
  readonly remove: readonly string[];
  /** The list of the created directories, which is removed after them. */
  readonly removeLast: readonly string[];
  /** Removed only if they are empty; the innermost first. */
  readonly removeDirectories: readonly string[];
  readonly steps: readonly Step[];
  /** What is left as it is and why, and what the user must do. */
  readonly notes: readonly string[];
  readonly competitors: readonly Competitor[];
}
