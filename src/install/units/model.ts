import type { ConfigFile, Step } from "../../model/plan.ts";

/** A symbolic link of ours, by which systemd starts a unit. */
export interface UnitLink {
  readonly path: string;
  /** As the link says it. */
  readonly target: string;
}

/** What `--install` puts on a machine. */
export interface Installation {
  readonly files: readonly ConfigFile[];
  readonly links: readonly UnitLink[];
}

/** What lies where an installation of ours lies, or lay. */
export interface InstalledEntry {
  readonly path: string;
  readonly kind: "file" | "directory" | "link" | "other";
  /** Of a file; "" of others. */
  readonly content: string;
  readonly mode: number;
  /** What a link says; null of others. */
  readonly target: string | null;
}

/** What an installation depends on, as it lies below a root. */
export interface InstallFacts {
  /** Sorted by path; everything that is named after us, whoever put it there. */
  readonly entries: readonly InstalledEntry[];
  /** The folders that are there, of those that an installation needs. */
  readonly directories: readonly string[];
  /** Udev's rules and settings of others that configure NICs by hotplug. */
  readonly hotplugFiles: readonly HotplugFile[];
  /** The running machine's, which are told of changes; none where files are made for an image. */
  readonly runningDaemons: readonly Daemon[];
  /** Those whose files are there, running or not. */
  readonly installedDaemons: readonly Daemon[];
  /** false: it is the running machine. */
  readonly isImage: boolean;
  /** Units of ours that systemd keeps running: timers and the like. */
  readonly activeUnits: readonly string[];
}

/** What makes units and rules do something. */
export type Daemon = "systemd" | "udev";

/** A file of somebody else's; `isMask`: a link to /dev/null, which switches off what it hides. */
export interface HotplugFile {
  readonly path: string;
  readonly content: string;
  readonly isMask: boolean;
}

/** Who else configures NICs when they come and go. */
export interface Competitor {
  readonly name: string;
  /** The files that tell. */
  readonly files: readonly string[];
  /** What switches it off, to be pasted. */
  readonly commands: readonly string[];
}

/** Everything that `--install` or `--uninstall` does; printing it is `--dry-run`. */
export interface InstallPlan {
  /** Run while the old files still lie there. */
  readonly stepsBefore: readonly Step[];
  readonly write: readonly ConfigFile[];
  readonly links: readonly UnitLink[];
  /** Files and links. */
  readonly remove: readonly string[];
  /** The list of the folders that were made: it goes when they have gone. */
  readonly removeLast: readonly string[];
  /** Only where they are empty then; the innermost first. */
  readonly removeDirectories: readonly string[];
  readonly steps: readonly Step[];
  /** What is left as it is, and why. */
  readonly notes: readonly string[];
  readonly competitors: readonly Competitor[];
}
