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
  /** The content of a file; else "". */
  readonly content: string;
  readonly mode: number;
  /** The target of a link, as written in the link; else null. */
  readonly target: string | null;
}

/** The facts about the target that the plan of an installation depends on. */
export interface InstallFacts {
  /** Everything with ec2nic's names, even if another program wrote it; sorted by path. */
  readonly entries: readonly InstalledEntry[];
  /** The directories that the installation needs and that exist. */
  readonly directories: readonly string[];
  /** udev rules and settings of other programs that configure NICs at hot-plug. */
  readonly hotplugFiles: readonly HotplugFile[];
  /** The running daemons, which must read changed files again; empty for an image. */
  readonly runningDaemons: readonly Daemon[];
  /** The daemons whose files exist. */
  readonly installedDaemons: readonly Daemon[];
  /** false if the target is the running machine. */
  readonly isImage: boolean;
  /** Our timers and path units that are active. */
  readonly activeUnits: readonly string[];
}

/** The daemons that read the installed files. */
export const daemons = ["systemd", "udev"] as const;
export type Daemon = (typeof daemons)[number];

/** A file of another program. A mask is a link to /dev/null, which hides files of the same name. */
export interface HotplugFile {
  readonly path: string;
  readonly content: string;
  readonly isMask: boolean;
}

/** Another program that configures NICs at hot-plug. */
export interface Competitor {
  readonly name: string;
  /** The files that show that the program is active. */
  readonly files: readonly string[];
  /** Shell commands that disable it. */
  readonly commands: readonly string[];
}

/** Everything that `--install` or `--uninstall` does; `--dry-run` prints it. */
export interface InstallPlan {
  /** These steps run before the old files are removed. */
  readonly stepsBefore: readonly Step[];
  readonly write: readonly ConfigFile[];
  readonly links: readonly UnitLink[];
  /** The paths of files and links. */
  readonly remove: readonly string[];
  /** The list of the created directories, which is removed after these directories. */
  readonly removeLast: readonly string[];
  /** Removed only if they are empty; the innermost first. */
  readonly removeDirectories: readonly string[];
  readonly steps: readonly Step[];
  /** What is not changed and why, and what the user must do. */
  readonly notes: readonly string[];
  readonly competitors: readonly Competitor[];
}
