import { modestImages } from "../../test/kit/machine/images.ts";
import { type TestInstance, startInstance } from "../../test/kit/machine/vpc/instance.ts";
import { untilAddresses } from "../../test/kit/machine/checks/until-addresses.ts";
import type { Scene, Shown } from "./scene.ts";

const first = { device: 0, ipv4: ["10.0.0.10"] };
const second = { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] };

/** When IMDS lists the ENI, its IPv4 address and its IPv6 one; it settles ten seconds later. */
const [listedS, usableS, ipv6S] = [2, 5, 9] as const;

/** Scenes on a Debian machine with systemd-networkd, in a simulated VPC. */
export const machineScenes: readonly Scene[] = [
  scene("dry-run", [first], async (instance) => [await ec2nic(instance, "activate --dry-run")]),
  scene("activate", [first, second], async (instance) => [
    await ec2nic(instance, "activate"),
    await ec2nic(instance, "activate"),
    await removeAddress(instance),
    await ec2nic(instance, "activate --check"),
    await ec2nic(instance, "activate"),
    await ec2nic(instance, "activate --check"),
  ]),
  { ...hotplugScene(), scheduleS: [listedS, usableS, ipv6S, ipv6S + 10] },
  scene("install", [first], async (instance) => [
    await ec2nic(instance, "hotplug --install"),
    await ec2nic(instance, "hotplug --install -q"),
    await ec2nic(instance, "hotplug --uninstall"),
  ]),
];

function hotplugScene(): Scene {
  return scene("hotplug-add", [first], async (instance) => {
    const { machine, vpc } = instance;
    await machine.run(["ec2nic", "activate", "-q"]);
    const [usable, ipv6] = [usableS * 1000, ipv6S * 1000];
    const late = { "local-ipv4s": usable, ipv6s: ipv6, "subnet-ipv6-cidr-blocks": ipv6 };
    const lateEni = { ...second, dualStack: true, late: { ".": listedS * 1000, ...late } };
    await vpc.attach(machine, lateEni);
    return [await ec2nic(instance, "hotplug add --nic ens6")];
  });
}

type Enis = readonly (typeof first | typeof second)[];

function scene(
  name: string,
  enis: Enis,
  play: (instance: TestInstance) => Promise<readonly Shown[]>,
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

async function ec2nic({ machine }: TestInstance, line: string): Promise<Shown> {
  const argv = ["ec2nic", ...line.split(" ")];
  const { code, stdout, stderr } = await machine.exec(argv, { timeoutMs: 60_000 });
  return { command: `ec2nic ${line}`, output: `${stderr}${stdout}`, code };
}

/** Removes an address, as an admin could by mistake. */
async function removeAddress({ machine }: TestInstance): Promise<Shown> {
  const argv = ["ip", "address", "del", "10.0.1.11/32", "dev", "ens6"];
  await machine.run(argv);
  return { command: argv.join(" "), output: "", code: 0 };
}
