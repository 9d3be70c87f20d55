import { modestImages } from "../../test/support/machine/images.ts";
import { type BenchInstance, startInstance } from "../../test/support/machine/instance.ts";
import { untilAddresses } from "../../test/support/machine/until-addresses.ts";
import type { Scene, Shown } from "./scene.ts";

const first = { device: 0, ipv4: ["10.0.0.10"] };
const second = { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] };

/** What takes a whole machine: a Debian with systemd-networkd, in a VPC. */
export const machineScenes: readonly Scene[] = [
  scene("dry-run", [first], async (instance) => [await typed(instance, "activate --dry-run")]),
  scene("activate", [first, second], async (instance) => [
    await typed(instance, "activate"),
    await typed(instance, "activate"),
    await broken(instance),
    await typed(instance, "activate --check"),
    await typed(instance, "activate"),
    await typed(instance, "activate --check"),
  ]),
  scene("hotplug-add", [first], async (instance) => {
    const { machine, vpc } = instance;
    await machine.run(["ec2nic", "activate", "-q"]);
    const late = { ".": 1600, "local-ipv4s": 2600, ipv6s: 6600, "subnet-ipv6-cidr-blocks": 6600 };
    await vpc.attach(machine, { ...second, dualStack: true, late });
    return [await typed(instance, "hotplug add --nic ens6")];
  }),
  scene("install", [first], async (instance) => [
    await typed(instance, "hotplug --install"),
    await typed(instance, "hotplug --install -q"),
    await typed(instance, "hotplug --uninstall"),
  ]),
];

type Enis = readonly (typeof first | typeof second)[];

function scene(
  name: string,
  enis: Enis,
  play: (instance: BenchInstance) => Promise<readonly Shown[]>,
): Scene {
  return {
    name,
    play: async () => {
      await using instance = await startInstance({
        suite: "trixie",
        enis: [...enis],
        ...modestImages.networkd,
      });
      await untilAddresses(instance.machine, ["10.0.0.10"]);
      return await play(instance);
    },
  };
}

async function typed({ machine }: BenchInstance, line: string): Promise<Shown> {
  const argv = ["ec2nic", ...line.split(" ")];
  const { code, stdout, stderr } = await machine.exec(argv, { timeoutMs: 60_000 });
  return { typed: `ec2nic ${line}`, said: `${stderr}${stdout}`, code };
}

/** Somebody takes an address away. */
async function broken({ machine }: BenchInstance): Promise<Shown> {
  const argv = ["ip", "address", "del", "10.0.1.11/32", "dev", "ens6"];
  await machine.run(argv);
  return { typed: argv.join(" "), said: "", code: 0 };
}
