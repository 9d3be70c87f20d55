import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { type Sandbox, startSandbox } from "../machine/sandbox.ts";
import { command } from "../machine/command.ts";
import { createMachineCommands } from "../machine/machine-commands.ts";
import type { Suite } from "../machine/root-file-system.ts";
import { untilAddresses } from "../machine/checks/until-addresses.ts";
import { type AttachedEni, startVpc, type Vpc, type VpcOptions } from "../machine/vpc/vpc.ts";
import { binary } from "../program/run-ec2nic.ts";
import { accelerator } from "./qemu/accelerator.ts";
import type { GuestBackend } from "./image/backends.ts";
import type { Guest } from "./qemu/guest.ts";
import { type Image, vmImage } from "./image/image.ts";
import { guestNic, plugNic, unplugNic } from "./qemu/nic-plug.ts";
import { plugProgram } from "./qemu/program-disk.ts";
import type { GuestNic, NicModel } from "./qemu/qemu-arguments.ts";
import { bootGuest, savedGuest } from "./qemu/saved-guest.ts";
import { eventsOf } from "./scenario/events-of.ts";
import { showConsole } from "./qemu/show-console.ts";
import type { Vm } from "./vm.ts";

export interface VmOptions extends VpcOptions {
  readonly suite: Suite;
  readonly backend: GuestBackend;
  /** The model of the NICs at the boot; default: virtio. */
  readonly model?: NicModel;
  /** Becomes /usr/local/bin/ec2nic; default: dist/ec2nic; null: none. */
  readonly program?: string | null;
  /** Slots of the PCI bus, by MAC; default: `ens5`, the primary, is in slot 5. */
  readonly slots?: Readonly<Record<string, number>>;
  /** Default false: the guest is restored from a saved state after a boot. */
  readonly fromPowerOn?: boolean;
}

/** `await using vm = await bootVm({ suite: "trixie", backend: "networkd", enis: [{ device: 0 }] })`. */
export async function bootVm(options: VmOptions): Promise<Vm> {
  const { suite, backend, model = "virtio-net-pci", program = binary, slots = {} } = options;
  const image = await vmImage(suite, typeof backend === "string" ? [] : backend.packages);
  const sandbox = await startSandbox();
  try {
    const vpc = await startVpc(sandbox, options);
    await vpc.plugInto("tap");
    const nics = vpc.enis().map((eni) => {
      const nic = guestNic(eni, model);
      return { ...nic, slot: slots[eni.mac] ?? nic.slot };
    });
    const hardware = { nics, accelerator: await accelerator(image.kernel) };
    const spec = { image, backend, hardware, addresses: vpc.enis().map(addressesOf) };
    const hasBooted = (guest: Guest): Promise<void> => awaitBoot(guest, vpc);
    const guest = options.fromPowerOn
      ? await bootGuest(sandbox, spec)
      : await savedGuest(sandbox, spec, hasBooted);
    showConsole(guest);
    if (options.fromPowerOn) await hasBooted(guest);
    const disk =
      program === null
        ? {}
        : { program: await plugProgram(guest, { program, folder: sandbox.folder }) };
    if (program !== null) await createMachineCommands(guest.agent.exec).write(...noRepair);
    guest.udev.forget();
    return vmOf({ sandbox, vpc, image, nics, ...disk }, guest);
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
}

/**
 * ec2nic's timer repairs the network five minutes after a boot. A scenario takes so long on a busy
 * machine alone, and a run in its middle would hide a defect or change a count: here it comes after days.
 */
const noRepair = [
  "/usr/lib/systemd/system/ec2nic-repair.timer.d/lab.conf",
  "[Timer]\nOnBootSec=\nOnUnitInactiveSec=\nOnBootSec=9d\n",
] as const;

interface Parts {
  readonly sandbox: Sandbox;
  readonly vpc: Vpc;
  readonly image: Image;
  /** The NICs at the start. */
  readonly nics: readonly GuestNic[];
  readonly program?: string;
}

function vmOf({ sandbox, vpc, image, nics, ...program }: Parts, first: Guest): Vm {
  let guest = first;
  let copies = 0;
  const plugged = new Map(nics.map((nic) => [nic.mac, nic]));
  const commands = createMachineCommands((argv, options) => guest.agent.exec(argv, options));
  /** Starts a new QEMU: about one of five resets of a running QEMU left the guest without output. */
  const bootAgain = async (from?: string): Promise<void> => {
    guest = await guest.startAgain({ nics: [...plugged.values()], ...program }, from);
    showConsole(guest);
    await awaitBoot(guest, vpc);
    guest.udev.forget();
  };
  return {
    ...commands,
    sandbox,
    vpc,
    // A program of the guest's root file system, in the network of the VPC.
    execInNetworkOf: (sandbox, argv, limits) =>
      command(sandbox.enterNetwork(["chroot", image.root, ...argv]), limits),
    attach: async (spec: EniSpec, { model = "virtio-net-pci", ...sides } = {}) => {
      const eni = await vpc.attach("tap", spec, sides);
      if (sides.link === false) return eni;
      const nic = guestNic(eni, model);
      await plugNic(guest.qmp, nic);
      plugged.set(eni.mac, nic);
      return eni;
    },
    detach: async (mac, how = {}) => {
      if (how.link !== false) {
        await unplugNic(guest.qmp, mac);
        plugged.delete(mac);
      }
      await vpc.detach(mac, how);
    },
    events: () => guest.udev.events(),
    eventsOf: (act) => eventsOf(guest, act),
    copyDisk: async () => {
      copies += 1;
      const path = join(sandbox.folder, `disk-${copies}`);
      await guest.copyDisk(path);
      return path;
    },
    reset: async (from) => {
      await guest.quit();
      await bootAgain(from);
    },
    reboot: async () => {
      await guest.untilRebooting(() => commands.run(["systemctl", "--no-block", "reboot"]));
      await bootAgain();
    },
    consoleLog: () => Bun.file(guest.consoleLog).text(),
    stop: sandbox.stop,
    [Symbol.asyncDispose]: sandbox.stop,
  };
}

/** Ten times what a boot needs on an emulated processor. */
const bootLimitMs = 1_200_000;

/** Waits until systemd has booted, and the NIC of the first ENI has its addresses. */
async function awaitBoot({ agent, consoleLog }: Guest, vpc: Vpc): Promise<void> {
  const commands = createMachineCommands(agent.exec);
  try {
    await agent.awaitAnswer(bootLimitMs);
    const wait = ["systemctl", "is-system-running", "--wait"];
    const { stdout } = await agent.exec(wait, { timeoutMs: bootLimitMs });
    if (!/^(?:running|degraded)/.test(stdout)) throw new Error(`systemd says ${stdout.trim()}`);
    const [first] = vpc.enis();
    const addresses = [...(first?.ipv4.slice(0, 1) ?? []), ...(first?.ipv6.slice(0, 1) ?? [])];
    await untilAddresses(commands, addresses);
  } catch (error) {
    const output = readFileSync(consoleLog, "utf8").slice(-3000);
    throw new Error(`the guest did not boot; the end of its console: ${output}`, { cause: error });
  }
}

/** The addresses of an ENI, which are part of a saved state. */
function addressesOf({ mac, ipv4, ipv6, subnetCidr, subnetIpv6Cidrs }: AttachedEni): unknown {
  return { mac, ipv4, ipv6, subnetCidr, subnetIpv6Cidrs };
}
