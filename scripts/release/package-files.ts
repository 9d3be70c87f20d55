import type { ConfigFile } from "../../src/model/plan.ts";
import { managedMark } from "../../src/model/managed-paths.ts";
import { renderInstallation } from "../../src/install/units/installation.ts";

/** A file of a package. */
export interface PackagedFile {
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array | string;
}

/** The texts that all packages contain. */
export interface PackageTexts {
  readonly man: string;
  readonly bash: string;
  readonly zsh: string;
  readonly fish: string;
  readonly licences: string;
  readonly changelog: string;
  /** The README and the documents that it links to, by their paths in the repository. */
  readonly pages: Readonly<Record<string, string>>;
}

/** The paths that differ between Debian and RPM packages. */
export interface PackageKind {
  readonly zshFolder: string;
  readonly licencePath: string;
}

export const program = "/usr/bin/ec2nic";

/** All files of a package except the executable. */
export function packageFiles(texts: PackageTexts, kind: PackageKind): readonly PackagedFile[] {
  const file = (path: string, content: Uint8Array | string): PackagedFile => ({
    path,
    mode: 0o644,
    content,
  });
  return [
    file("/usr/share/man/man8/ec2nic.8.gz", gzip(texts.man)),
    file("/usr/share/bash-completion/completions/ec2nic", texts.bash),
    file(`${kind.zshFolder}/_ec2nic`, texts.zsh),
    file("/usr/share/fish/vendor_completions.d/ec2nic.fish", texts.fish),
    file(kind.licencePath, texts.licences),
    file("/usr/share/doc/ec2nic/CHANGELOG.md.gz", gzip(texts.changelog)),
    // not compressed: the pages link to each other by name
    ...Object.entries(texts.pages).map(([path, text]) =>
      file(`/usr/share/doc/ec2nic/${path}`, text),
    ),
    ...packagedUnits(),
  ];
}

/**
 * The units and rules that `hotplug --install` writes, at the paths of a package. They do nothing until
 * an admin enables them: docs/decisions/packages.md.
 */
export function packagedUnits(): readonly PackagedFile[] {
  const { files } = renderInstallation(program, null);
  const preset = "# disabled until an admin enables them\ndisable ec2nic-*\n";
  return [
    ...files.map(packaged),
    { path: "/usr/lib/systemd/system-preset/90-ec2nic.preset", mode: 0o644, content: preset },
  ];
}

/** Without the mark of managed files: `--install` must not replace an admin's copy of such a file. */
function packaged({ path, content, mode }: ConfigFile): PackagedFile {
  const marked = content.replace(`# ${managedMark}`, "# of the package ec2nic");
  const text = path.includes("/udev/") ? whereEnabled(marked) : marked;
  return { path: path.replace(/^\/etc\//, "/usr/lib/"), mode, content: text };
}

/** udev rules cannot be disabled, so the packaged ones take effect only where this unit is enabled. */
const enabledLink = "/etc/systemd/system/multi-user.target.wants/ec2nic-network.service";

function whereEnabled(rules: string): string {
  const [head = "", ...lines] = rules.trimEnd().split("\n");
  const condition = `TEST!="${enabledLink}", GOTO="ec2nic_end"`;
  return `${[head, condition, ...lines, 'LABEL="ec2nic_end"'].join("\n")}\n`;
}

/** gzip makes the same bytes of the same text here: its header has no time and no file name. */
function gzip(text: string): Uint8Array {
  return Bun.gzipSync(Buffer.from(text), { level: 9 });
}
