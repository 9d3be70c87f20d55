import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parentDirectories } from "../../src/model/managed-paths.ts";
import type { PackageWish } from "./debian-package.ts";
import { mustSucceed } from "./must-succeed.ts";
import { type Family, program } from "./package-files.ts";
import { forget, refreshCopies, sayHowToBegin, takeAway, tellDaemons } from "./package-scripts.ts";
import { stage } from "./stage.ts";

export const rpmFamily: Family = {
  zshFolder: "/usr/share/zsh/site-functions",
  licencePath: "/usr/share/licenses/ec2nic/LICENSE",
};

/**
 * What makes the bytes depend on nothing but the files, and keeps rpmbuild's hands off the executable:
 * stripped, it is no longer ours. xz, since the rpm of Amazon Linux 2 knows no zstd.
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

/** Makes an .rpm in dist/; gives its path. */
export async function rpmPackage(wish: PackageWish): Promise<string> {
  const { version, target, files, executable, epochSeconds } = wish;
  // rpmbuild takes no blanks in a path, and a checkout's may have them
  const folder = mkdtempSync(join(tmpdir(), "ec2nic-rpm-"));
  try {
    stage(join(folder, "files"), files, { executable, epochSeconds });
    mkdirSync(join(folder, "top"));
    writeFileSync(join(folder, "ec2nic.spec"), spec(wish, join(folder, "files")));
    const settings = Object.entries({ ...macros, _topdir: join(folder, "top") });
    const defines = settings.flatMap(([name, value]) => ["--define", `${name} ${value}`]);
    const argv = ["rpmbuild", "-bb", "--target", `${target.rpm}-linux`, ...defines];
    await mustSucceed([...argv, join(folder, "ec2nic.spec")], {
      SOURCE_DATE_EPOCH: String(epochSeconds),
    });
    const made = join(folder, "top/RPMS", target.rpm);
    const [name = ""] = readdirSync(made);
    cpSync(join(made, name), join("dist", name));
    return `dist/ec2nic-${version}-1.${target.rpm}.rpm`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function spec({ version, files }: PackageWish, staged: string): string {
  const listed = files.map(({ path, mode }) => `%attr(0${mode.toString(8)},root,root) ${path}`);
  // one of ours that is not listed would stay when the package goes
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
Reads the instance metadata service over whichever NIC works, and writes what
it says as configuration of netplan, NetworkManager or systemd-networkd. Tells
why a NIC does not reach that service. Configures NICs that are plugged in.

%install
cp -a ${staged}/. %{buildroot}/

%files
${ownFolders.map((path) => `%dir %attr(0755,root,root) ${path}`).join("\n")}
%attr(0755,root,root) ${program}
${listed.join("\n")}

%post
${tellDaemons}${refreshCopies}if [ "$1" = 1 ]; then
  ${sayHowToBegin}fi

%preun
if [ "$1" = 0 ]; then
${takeAway.trimEnd()}
fi

%postun
${tellDaemons}if [ "$1" = 0 ]; then
  ${forget}fi
`;
}
