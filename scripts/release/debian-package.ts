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
import { mustSucceed } from "./must-succeed.ts";
import type { Family, PackagedFile } from "./package-files.ts";
import { forget, refreshCopies, sayHowToBegin, takeAway, tellDaemons } from "./package-scripts.ts";
import { stage } from "./stage.ts";
import type { Target } from "./targets.ts";

export const debianFamily: Family = {
  zshFolder: "/usr/share/zsh/vendor-completions",
  licencePath: "/usr/share/doc/ec2nic/copyright",
};

export interface PackageWish {
  readonly version: string;
  readonly target: Target;
  readonly files: readonly PackagedFile[];
  readonly executable: string;
  readonly epochSeconds: number;
}

/** Makes a .deb in dist/; gives its path. dpkg-deb(1) makes the same bytes of the same files. */
export async function debianPackage(wish: PackageWish): Promise<string> {
  const { version, target, files, executable, epochSeconds } = wish;
  const path = `dist/ec2nic_${version}_${target.debian}.deb`;
  const folder = mkdtempSync("dist/.package-");
  try {
    stage(folder, files, { executable, epochSeconds });
    const control = controlFiles(wish);
    mkdirSync(join(folder, "DEBIAN"));
    // whatever the umask is: dpkg-deb takes no folder that is closed
    chmodSync(join(folder, "DEBIAN"), 0o755);
    for (const [name, { content, mode }] of Object.entries(control)) {
      const place = join(folder, "DEBIAN", name);
      writeFileSync(place, content);
      chmodSync(place, mode);
      utimesSync(place, epochSeconds, epochSeconds);
    }
    utimesSync(join(folder, "DEBIAN"), epochSeconds, epochSeconds);
    utimesSync(folder, epochSeconds, epochSeconds);
    const build = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z2", "--build", folder, path];
    await mustSucceed(build, { SOURCE_DATE_EPOCH: String(epochSeconds) });
    return path;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function controlFiles(wish: PackageWish) {
  return {
    control: { content: control(wish), mode: 0o644 },
    md5sums: { content: sums(wish), mode: 0o644 },
    postinst: script(`if [ "$1" = configure ]; then
${indented(tellDaemons)}${indented(refreshCopies)}  if [ -z "$2" ]; then
    ${sayHowToBegin}  fi
fi
`),
    prerm: script(`if [ "$1" = remove ]; then
${indented(takeAway)}fi
`),
    postrm: script(`case $1 in
  remove)
${indented(tellDaemons, 4)}    ${forget}    ;;
esac
`),
  };
}

function script(content: string) {
  return { content: `#!/bin/sh\nset -e\n${content}`, mode: 0o755 };
}

export function indented(text: string, by = 2): string {
  return text.replaceAll(/^(?=.)/gm, " ".repeat(by));
}

/** deb-control(5). Installed-Size in KiB; the kernel's own pages are 4 KiB. */
function control({ version, target, files, executable }: PackageWish): string {
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
 Reads the instance metadata service over whichever NIC works, and writes what
 it says as configuration of netplan, NetworkManager or systemd-networkd. Tells
 why a NIC does not reach that service. Configures NICs that are plugged in.
`;
}

function sums({ files, executable }: PackageWish): string {
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
