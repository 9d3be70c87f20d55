import { ports } from "../image/guest-programs.ts";

/** NICs of QEMU: one with a device below its PCI device, and one that is the PCI device, like ENA. */
export const nicModels = ["virtio-net-pci", "vmxnet3"] as const;
export type NicModel = (typeof nicModels)[number];

/** The device of a NIC, connected to a wire of the VPC. */
export interface GuestNic {
  readonly mac: string;
  readonly model: NicModel;
  /** The slot of the PCI bus: `ens5` is in slot 5, as on EC2. */
  readonly slot: number;
  /** The tap's name. */
  readonly wire: string;
}

export interface QemuFiles {
  readonly kernel: string;
  readonly initrd: string;
  /** A qcow2. */
  readonly disk: string;
  /** The folder for the sockets of QEMU and the log of the console. */
  readonly folder: string;
  /** The saved state of a guest; null: it boots. */
  readonly state: string | null;
}

export interface Hardware {
  readonly nics: readonly GuestNic[];
  /** More kernel parameters. */
  readonly kernelWords?: readonly string[];
  readonly accelerator: "tcg" | "kvm";
  /** The disk with the program under test, where the guest has it at power-on. */
  readonly program?: string;
}

const memoryMb = 512;

/** The kernel writes its console to the log, and does not probe hardware that does not exist. */
const kernelWords = [
  "console=ttyS0",
  "root=/dev/vda",
  "loglevel=5",
  "nokaslr",
  "mitigations=off",
  "systemd.show_status=1",
  // each saves seconds of an emulated processor
  "init_on_alloc=0",
  "apparmor=0",
  `modprobe.blacklist=${["aesni_intel", "ata_piix", "ghash_clmulni_intel", "i2c_piix4", "polyval_clmulni", "powernow_k8", "sha1_ssse3", "sha256_ssse3", "sha512_ssse3"].join()}`,
] as const;

/** The SMBIOS values of EC2, by which a guest detects that it is an instance. */
const smbios = [
  "type=0,vendor=Amazon EC2,version=1.0",
  "type=1,manufacturer=Amazon EC2,product=m7i.large,serial=ec20ec20-0000-0000-0000-000000000001,uuid=ec20ec20-0000-0000-0000-000000000001",
  "type=2,manufacturer=Amazon EC2,asset=i-0ec20000000000001",
  "type=3,manufacturer=Amazon EC2,asset=Amazon EC2",
] as const;

/** The argv of QEMU; the same for a boot and for a restored state. */
export function qemuArguments(files: QemuFiles, hardware: Hardware): readonly string[] {
  const { kernel, initrd, disk, folder, state } = files;
  const options: readonly Option[] = [
    ["name", "ec2nic-lab"],
    ["display", "none"],
    ["machine", "pc"],
    ["accel", hardware.accelerator],
    ["cpu", hardware.accelerator === "kvm" ? "host" : "max"],
    ["smp", "1"],
    ["m", String(memoryMb)],
    ...smbios.map((words): Option => ["smbios", words]),
    ["kernel", kernel],
    ["initrd", initrd],
    ["append", [...kernelWords, ...(hardware.kernelWords ?? [])].join(" ")],
    ["drive", `if=none,id=disk,file=${disk},format=qcow2,cache=unsafe`],
    ["device", "virtio-blk-pci,drive=disk,addr=0x1c"],
    ...(hardware.program === undefined ? [] : programDisk(hardware.program)),
    ["device", "virtio-serial-pci,id=ports,addr=0x1d"],
    ...Object.entries(ports).flatMap(([name, port]): readonly Option[] => [
      ["chardev", `socket,id=${name},path=${folder}/${name},server=on,wait=off`],
      ["device", `virtserialport,bus=ports.0,chardev=${name},name=${port}`],
    ]),
    ["device", "virtio-rng-pci,addr=0x1e"],
    ["serial", `file:${folder}/console.log`],
    ["qmp", `unix:${folder}/qmp,server=on,wait=off`],
    ...hardware.nics.flatMap((nic): readonly Option[] => [
      ["netdev", `tap,id=${nic.wire},ifname=${nic.wire},script=no,downscript=no`],
      ["device", asWords(nicDevice(nic))],
    ]),
    ...(state === null ? [] : [["incoming", `exec:cat '${state}'`] as const]),
  ];
  const words = options.flatMap(([name, value]) => [`-${name}`, value]);
  return ["qemu-system-x86_64", "-nodefaults", "-no-user-config", ...words];
}

type Option = readonly [name: string, value: string];

/** Behind the slot of the first disk, so that this one is /dev/vdb. */
export const programSlot = "0x1f";

function programDisk(path: string): readonly Option[] {
  return [
    ["drive", `if=none,id=program,file=${path},format=raw,readonly=on,file.locking=off`],
    ["device", `virtio-blk-pci,drive=program,addr=${programSlot}`],
  ];
}

/** The properties of the device of a NIC, for the command line and for the monitor. */
export function nicDevice(nic: GuestNic): Readonly<Record<string, string>> {
  const { model, wire, mac, slot } = nic;
  return {
    driver: model,
    id: `nic-${wire}`,
    netdev: wire,
    mac,
    addr: `0x${slot.toString(16)}`,
    // the guest does not boot from it
    romfile: "",
  };
}

function asWords({ driver, ...properties }: Readonly<Record<string, string>>): string {
  return [driver, ...Object.entries(properties).map(([name, value]) => `${name}=${value}`)].join();
}
