import { images } from "../../machine/images.ts";
import { type FileOfMachine, withoutResolved } from "../../machine/prepare.ts";

/** The network backend of a guest, as in the images of machines. */
export type VmBackend = keyof typeof images;
export const vmBackends: readonly VmBackend[] = ["netplan", "networkd", "network-manager"];

export interface FirstBoot {
  readonly files: Readonly<Record<string, FileOfMachine>>;
  /** A script for `sh -eu`, which runs in the root of the guest before its init. */
  readonly script: string;
}

/** The backend of another program, with more packages and its own first boot. */
export interface OwnBackend extends FirstBoot {
  readonly packages: readonly string[];
}

export type GuestBackend = VmBackend | OwnBackend;

/** networkd comes with systemd-resolved, as in Debian's cloud images, and NetworkManager without it. */
export function firstBoot(backend: GuestBackend): FirstBoot {
  if (typeof backend !== "string") return backend;
  const image: {
    enable: readonly string[];
    files: Readonly<Record<string, string | FileOfMachine>>;
  } = images[backend];
  const files = Object.entries(image.files).map(([path, file]): [string, FileOfMachine] => [
    path,
    typeof file === "string" ? { content: file, mode: 0o644 } : file,
  ]);
  const isManager = backend === "network-manager";
  const others = isManager ? ["NetworkManager-dispatcher.service"] : ["systemd-resolved.service"];
  const script = [
    "export SYSTEMD_OFFLINE=1",
    ...(isManager ? [withoutResolved] : []),
    `systemctl --quiet enable ${[...image.enable, ...others].join(" ")}`,
  ];
  return { files: Object.fromEntries(files), script: `${script.join("\n")}\n` };
}
