import type { ConfigFile } from "../../src/model/plan.ts";
import { managedMark } from "../../src/model/managed-paths.ts";
import { renderInstallation } from "../../src/install/units/installation.ts";

/** A file of a package. */
export interface PackagedFile {
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array | string;
}

/** What is made once for all packages. */
export interface Papers {
  readonly man: string;
  readonly bash: string;
  readonly zsh: string;
  readonly fish: string;
  readonly licences: string;
  readonly changelog: string;
  /** The README and the pages that it leads to, by their paths in the repository. */
  readonly pages: Readonly<Record<string, string>>;
}

/** Where the families of distributions differ. */
export interface Family {
  readonly zshFolder: string;
  readonly licencePath: string;
}

export const program = "/usr/bin/ec2nic";

/** All files of a package but the executable. */
export function packageFiles(papers: Papers, family: Family): readonly PackagedFile[] {
  const file = (path: string, content: Uint8Array | string): PackagedFile => ({
    path,
    mode: 0o644,
    content,
  });
  return [
    file("/usr/share/man/man8/ec2nic.8.gz", packed(papers.man)),
    file("/usr/share/bash-completion/completions/ec2nic", papers.bash),
    file(`${family.zshFolder}/_ec2nic`, papers.zsh),
    file("/usr/share/fish/vendor_completions.d/ec2nic.fish", papers.fish),
    file(family.licencePath, papers.licences),
    file("/usr/share/doc/ec2nic/CHANGELOG.md.gz", packed(papers.changelog)),
    // as they are: they lead from one to the other by their names
    ...Object.entries(papers.pages).map(([path, text]) =>
      file(`/usr/share/doc/ec2nic/${path}`, text),
    ),
    ...packagedUnits(),
  ];
}

/**
 * What `hotplug --install` writes, in the package's places, and doing nothing until it is asked for:
 * docs/decisions/packages.md.
 */
export function packagedUnits(): readonly PackagedFile[] {
  const { files } = renderInstallation(program, null);
  const preset = "# whoever wants them enables them\ndisable ec2nic-*\n";
  return [
    ...files.map(packaged),
    { path: "/usr/lib/systemd/system-preset/90-ec2nic.preset", mode: 0o644, content: preset },
  ];
}

/** An admin's copy of such a file must not pass for one that `--install` wrote, and may replace. */
function packaged({ path, content, mode }: ConfigFile): PackagedFile {
  const marked = content.replace(`# ${managedMark}`, "# of the package ec2nic");
  const text = path.includes("/udev/") ? gated(marked) : marked;
  return { path: path.replace(/^\/etc\//, "/usr/lib/"), mode, content: text };
}

/** Rules have no state of their own, and are wanted where the unit is that they go with. */
const wanted = "/etc/systemd/system/multi-user.target.wants/ec2nic-network.service";

function gated(rules: string): string {
  const [head = "", ...lines] = rules.trimEnd().split("\n");
  const gate = `TEST!="${wanted}", GOTO="ec2nic_end"`;
  return `${[head, gate, ...lines, 'LABEL="ec2nic_end"'].join("\n")}\n`;
}

/** The same bytes for the same text: no time and no name. */
function packed(text: string): Uint8Array {
  return Bun.gzipSync(Buffer.from(text), { level: 9 });
}
