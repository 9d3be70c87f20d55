import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { mustRun } from "../../test/kit/machine/command.ts";
import { reproducibly } from "./epoch.ts";
import type { PackagedFile, PackageKind } from "./package-files.ts";
import {
  printFirstSteps,
  reloadDaemons,
  removeRunFiles,
  uninstallUnits,
  updateInstalledFiles,
} from "./package-scripts.ts";
import { stage } from "./stage.ts";
import type { Target } from "./targets.ts";

export const debianKind: PackageKind = {
  zshFolder: "/usr/share/zsh/vendor-completions",
  licencePath: "/usr/share/doc/ec2nic/copyright",
};

/** What a package is built from. */
export interface PackageInput {
  readonly version: string;
  readonly target: Target;
  readonly files: readonly PackagedFile[];
  readonly executable: string;
  readonly epochSeconds: number;
}

/** Builds a .deb in dist/ and returns its path. dpkg-deb(1) makes the same bytes of the same files. */
export async function buildDebianPackage(input: PackageInput): Promise<string> {
  const { version, target, files, executable, epochSeconds } = input;
  const path = `dist/ec2nic_${version}_${target.debian}.deb`;
  const folder = mkdtempSync("dist/.package-");
  try {
    stage(folder, files, { executable, epochSeconds });
    const control = controlFiles(input);
    mkdirSync(join(folder, "DEBIAN"));
    // dpkg-deb refuses a folder with the mode that a strict umask gives
    chmodSync(join(folder, "DEBIAN"), 0o755);
    for (const [name, { content, mode }] of Object.entries(control)) {
      const controlPath = join(folder, "DEBIAN", name);
      writeFileSync(controlPath, content);
      chmodSync(controlPath, mode);
      utimesSync(controlPath, epochSeconds, epochSeconds);
    }
    utimesSync(join(folder, "DEBIAN"), epochSeconds, epochSeconds);
    utimesSync(folder, epochSeconds, epochSeconds);
    const build = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z2", "--build", folder, path];
    await mustRun(build, reproducibly(epochSeconds));
    return path;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function controlFiles(input: PackageInput) {
  return {
    control: { content: control(input), mode: 0o644 },
    md5sums: { content: sums(input), mode: 0o644 },
    postinst: script(`if [ "$1" = configure ]; then
${indent(reloadDaemons)}${indent(updateInstalledFiles)}  if [ -z "$2" ]; then
    ${printFirstSteps}  fi
fi
`),
    prerm: script(`if [ "$1" = remove ]; then
${indent(uninstallUnits)}fi
`),
    postrm: script(`case $1 in
  remove)
${indent(reloadDaemons, 4)}    ${removeRunFiles}    ;;
esac
`),
  };
}

function script(content: string) {
  return { content: `#!/bin/sh\nset -e\n${content}`, mode: 0o755 };
}

function indent(text: string, by = 2): string {
  return text.replaceAll(/^(?=.)/gm, " ".repeat(by));
}

/** deb-control(5). Installed-Size in KiB; the kernel's own pages are 4 KiB. */
function control({ version, target, files, executable }: PackageInput): string {
  const sizes = [...files.map(({ content }) => content.length), statSync(executable).size];
  const kibibytes = sizes.reduce((sum, size) => sum + Math.ceil(size / 4096) * 4, 0);
  return `Package: ec2nic
Version: ${version}
Architecture: ${target.debian}
Maintainer: the ec2nic authors <ec2nic@localhost>
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.17)
Recommends: iproute2, udev
Suggests: netplan.io | network-manager | systemd
Section: net
Priority: optional
Description: network configuration for EC2 instances
 Reads the instance metadata service (IMDS) through any NIC that reaches it, and
 writes the configuration of all NICs for netplan, NetworkManager or
 systemd-networkd. Configures hot-plugged NICs. Shows why a NIC does not reach
 IMDS.
`;
}

function sums({ files, executable }: PackageInput): string {
  const md5 = (content: Uint8Array | string): string =>
    createHash("md5").update(content).digest("hex");
  const all = [
    ...files.map(({ path, content }) => [path.slice(1), md5(content)] as const),
    ["usr/bin/ec2nic", md5(readFileSync(executable))] as const,
  ];
  return all
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([path, sum]) => `${sum}  ${path}\n`)
    .join("");
}
