import { mustRun } from "./command.ts";
import { rootFileSystem } from "./root-file-system.ts";

/** Calls the Ec2 data source and the netplan renderer of cloud-init; no service of it runs. */
const script = `
import json, sys
from cloudinit import distros, util
from cloudinit.net import netplan, network_state
from cloudinit.sources import DataSourceEc2
facts = json.load(sys.stdin)
def as_crawled(value):
    if isinstance(value, dict):
        return {key: as_crawled(child) for key, child in value.items()}
    return value[0] if isinstance(value, list) and len(value) == 1 else value
distro = distros.fetch("debian")("debian", {}, None)
class Dhcp:
    # its planner runs a DHCP client to find the router; this is what the VPC's DHCP answers
    def dhcp_discovery(self, nic, *_, **__):
        mac = next(mac for mac, name in facts["names"].items() if name == nic)
        subnet = facts["network"]["interfaces"]["macs"][mac]["subnet-ipv4-cidr-block"]
        router = subnet.rsplit(".", 1)[0] + ".1"
        return {"routers": router, "interface": nic, "subnet-mask": "255.255.255.0"}
type(distro).dhcp_client = Dhcp()
config = DataSourceEc2.convert_ec2_metadata_network_config(
    as_crawled(facts["network"]), distro, facts["names"], facts["primary"])
state = network_state.parse_net_config_data(config)
print(netplan.Renderer({})._render_content(state))
`;

/**
 * The netplan YAML that the cloud-init of Debian trixie renders from the output of `fetch --json`.
 * `names`: MAC → name of the link.
 */
export async function cloudInitNetplan(
  metadata: { readonly network: unknown },
  names: Readonly<Record<string, string>>,
): Promise<string> {
  const root = await rootFileSystem("trixie", ["cloud-init"]);
  const facts = { network: metadata.network, names, primary: Object.values(names)[0] };
  const argv = ["unshare", "--net", "chroot", root, "python3", "-B", "-c", script];
  return mustRun(argv, { stdin: JSON.stringify(facts) });
}
