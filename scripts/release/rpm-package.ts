import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parentDirectories } from "../../src/model/managed-paths.ts";
import { mustRun } from "../../test/kit/machine/command.ts";
import type { PackageInput } from "./debian-package.ts";
import { reproducibly } from "./epoch.ts";
import { type PackageKind, program } from "./package-files.ts";
import {
  printFirstSteps,
  reloadDaemons,
  removeRunFiles,
  uninstallUnits,
  updateInstalledFiles,
} from "./package-scripts.ts";
import { stage } from "./stage.ts";

export const rpmKind: PackageKind = {
  zshFolder: "/usr/share/zsh/site-functions",
  licencePath: "/usr/share/licenses/ec2nic/LICENSE",
};

/**
 * With these macros the bytes depend only on the files, and rpmbuild does not strip the executable,
 * which would remove the program from it. xz, because the rpm of Amazon Linux 2 does not know zstd.
 */
const macros = {
  _build_id_links: "none",
  _buildhost: "reproducible",
  _binary_payload: "w2.xzdio",
  __os_install_post: "%{nil}",
  __brp_strip: "%{nil}",
  build_mtime_policy: "clamp_to_source_date_epoch",
  clamp_mtime_to_source_date_epoch: "1",
  debug_package: "%{nil}",
  use_source_date_epoch_as_buildtime: "1",
} as const;

/** Builds an .rpm in dist/ and returns its path. */
export async function buildRpmPackage(input: PackageInput): Promise<string> {
  const { version, target, files, executable, epochSeconds } = input;
  // not in the checkout: rpmbuild accepts no space in a path
  const folder = mkdtempSync(join(tmpdir(), "ec2nic-rpm-"));
  try {
    stage(join(folder, "files"), files, { executable, epochSeconds });
    mkdirSync(join(folder, "top"));
    writeFileSync(join(folder, "ec2nic.spec"), spec(input, join(folder, "files")));
    const settings = Object.entries({ ...macros, _topdir: join(folder, "top") });
    const defines = settings.flatMap(([name, value]) => ["--define", `${name} ${value}`]);
    const argv = ["rpmbuild", "-bb", "--target", `${target.rpm}-linux`, ...defines];
    await mustRun([...argv, join(folder, "ec2nic.spec")], reproducibly(epochSeconds));
    const built = join(folder, "top/RPMS", target.rpm);
    const [name = ""] = readdirSync(built);
    cpSync(join(built, name), join("dist", name));
    return `dist/ec2nic-${version}-1.${target.rpm}.rpm`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function spec({ version, files }: PackageInput, staged: string): string {
  const listed = files.map(({ path, mode }) => `%attr(0${mode.toString(8)},root,root) ${path}`);
  // a folder of the package that is not listed would stay when the package is removed
  const folders = new Set(files.flatMap(({ path }) => parentDirectories(path)));
  const ownFolders = [...folders].filter((path) => path.split("/").includes("ec2nic"));
  return `Name: ec2nic
Version: ${version}
Release: 1
Summary: Network configuration for EC2 instances
License: MIT
Group: System Environment/Base
AutoReqProv: no
Requires: libc.so.6(GLIBC_2.17)(64bit)

%description
Reads the instance metadata service (IMDS) through any NIC that reaches it, and
writes the configuration of all NICs for netplan, NetworkManager or
systemd-networkd. Configures hot-plugged NICs. Shows why a NIC does not reach
IMDS.

%install
cp -a ${staged}/. %{buildroot}/

%files
${ownFolders.map((path) => `%dir %attr(0755,root,root) ${path}`).join("\n")}
%attr(0755,root,root) ${program}
${listed.join("\n")}

%post
${reloadDaemons}${updateInstalledFiles}if [ "$1" = 1 ]; then
  ${printFirstSteps}fi

%preun
if [ "$1" = 0 ]; then
${uninstallUnits.trimEnd()}
fi

%postun
${reloadDaemons}if [ "$1" = 0 ]; then
  ${removeRunFiles}fi
`;
}
