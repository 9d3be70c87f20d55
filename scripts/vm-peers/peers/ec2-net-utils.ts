import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../../../test/kit/machine/command.ts";
import type { FileOfMachine } from "../../../test/kit/machine/prepare.ts";
import { temporaryFolder } from "../../../test/kit/basics/temporary-folder.ts";
import { withEchoes } from "../measure/echo-program.ts";
import type { Peer } from "./peer.ts";

/**
 * The files that name the drivers of EC2's NICs: networkd's match and the udev rules. The driver of
 * the guest's NICs is added to them; nothing else of the program is changed.
 */
const drivers: Readonly<Record<string, (content: string) => string>> = {
  "/usr/lib/systemd/network/80-ec2.network": (content) =>
    content.replace(/^Driver=.*$/m, "$& virtio_net"),
  "/usr/lib/udev/rules.d/99-vpc-policy-routes.rules": (content) =>
    content.replaceAll(/(?<=\{ID_NET_DRIVER\}==")[^"]*/g, "$&|virtio_net"),
};

/** `folder`: a checkout of github.com/amazonlinux/amazon-ec2-net-utils, installed by its makefile. */
export async function ec2NetUtils(folder: string): Promise<Peer> {
  return {
    name: "ec2-net-utils",
    backend: withEchoes({
      packages: ["curl"],
      files: await installedFiles(folder),
      // as `%post` of its package does
      script:
        "export SYSTEMD_OFFLINE=1\nsystemctl --quiet enable systemd-networkd.service systemd-resolved.service\n",
    }),
    program: null,
    install: async () => {},
    services: "*policy-routes@*.service",
    bootServices: (nics) => nics.map((nic) => `policy-routes@${nic}.service`),
  };
}

/** The files that its `make install` writes. */
async function installedFiles(folder: string): Promise<Readonly<Record<string, FileOfMachine>>> {
  using root = temporaryFolder();
  await mustRun(["make", "-C", folder, "install", `DESTDIR=${root.path}`, "PREFIX=/usr"]);
  const paths = readdirSync(root.path, { recursive: true, encoding: "utf8" }).toSorted();
  const files = paths
    .map((path) => ({ path, status: statSync(join(root.path, path)) }))
    .filter(({ status }) => status.isFile())
    .map(({ path, status }): [string, FileOfMachine] => {
      const content = readFileSync(join(root.path, path), "utf8");
      const change = drivers[`/${path}`] ?? ((same: string) => same);
      return [`/${path}`, { content: change(content), mode: status.mode & 0o777 }];
    });
  return Object.fromEntries(files);
}
