import { untilAddresses } from "../../../test/kit/machine/checks/until-addresses.ts";
import type { ComparedProgram } from "./compared-program.ts";

/** The machines of the benchmark have no firmware from which cloud-init could know this. */
const thisIsEc2 = `
from cloudinit.sources import DataSourceEc2
DataSourceEc2.identify_platform = lambda: DataSourceEc2.CloudNames.AWS
`;

/** Makes what its boot leaves behind: the cached data source, and the primary's netplan file. */
const boot = `${thisIsEc2}
from cloudinit.stages import Init
init = Init(ds_deps=[])
init.read_cfg()
init.initialize()
source = DataSourceEc2.DataSourceEc2(init.cfg, init.distro, init.paths)
assert source.get_data()
init.datasource = source
init._write_to_cache()
source.distro.apply_network_config(source.network_config, bring_up=True)
`;

/** Its hook, which its udev rule calls through its socket. */
const hook = `${thisIsEc2}
import sys
from cloudinit.cmd.devel import hotplug_hook
arguments = hotplug_hook.get_parser().parse_args(sys.argv[1:])
hotplug_hook.handle_args("hotplug-hook", arguments)
`;

const units = ["-local", "-main", "-network", "", "-hotplugd"].map((each) => `cloud-init${each}`);
const primary = `network:
  version: 2
  ethernets:
    ens5:
      match: { macaddress: "06:ec:2a:00:00:00" }
      dhcp4: true
      dhcp6: true
`;

/** cloud-init of Debian trixie, with its DHCP client, netplan and networkd; its commands are run. */
export const cloudInit: ComparedProgram = {
  name: "cloud-init",
  machine: {
    packages: ["cloud-init"],
    enable: ["systemd-networkd.service"],
    mask: [
      ...[...units, "cloud-config", "cloud-final"].map((each) => `${each}.service`),
      "cloud-init-hotplugd.socket",
    ],
    files: {
      "/etc/netplan/50-cloud-init.yaml": { content: primary, mode: 0o600 },
      "/etc/cloud/cloud.cfg.d/99-bench.cfg":
        "datasource_list: [ Ec2, None ]\nupdates: { network: { when: [boot, hotplug] } }\n",
    },
  },
  prepare: async ({ machine }) => {
    await machine.run(["python3", "-B", "-c", boot], { timeoutMs: 60_000 });
    await untilAddresses(machine, ["10.0.0.10"]);
  },
  configure: async ({ machine }, nic) => {
    const event = ["--subsystem=net", "handle", `--devpath=/devices/${nic}`, "--udevaction=add"];
    const argv = ["python3", "-B", "-c", hook, ...event];
    const { code, stderr } = await machine.exec(argv, { timeoutMs: 120_000 });
    return code === 0 ? "" : `failed: ${stderr.trim().split("\n").at(-1) ?? `status ${code}`}`;
  },
};
