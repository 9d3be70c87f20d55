import type { Host } from "../host/host.ts";
import type { MachineFacts } from "../model/probe-facts.ts";

type Surroundings = Pick<MachineFacts, "hasImdsd" | "dhcpClient" | "instanceId" | "uid">;

/** What lies on the machine that decides, or helps, how IMDS is reached. Reads only. */
export async function inspectImdsSurroundings(
  host: Pick<Host, "env" | "files" | "uid">,
): Promise<Surroundings> {
  const [socket, dhcpClient, instanceId] = await Promise.all([
    host.files.stat("/run/systemd/io.systemd.InstanceMetadata").catch(() => null),
    findDhcpClient(host),
    readInstanceId(host),
  ]);
  return { hasImdsd: socket !== null, dhcpClient, instanceId, uid: host.uid };
}

/** Best first: what runs already, then what can be run. The NIC's name follows. */
async function findDhcpClient(
  host: Pick<Host, "env" | "files">,
): Promise<MachineFacts["dhcpClient"]> {
  if ((await host.files.stat("/run/NetworkManager").catch(() => null)) !== null) {
    return ["nmcli", "device", "connect"];
  }
  const folders = (host.env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  for (const argv of [["dhclient"], ["dhcpcd"], ["udhcpc", "-q", "-i"]]) {
    const paths = folders.map((folder) => `${folder}/${argv[0]}`);
    const found = await Promise.all(paths.map((path) => host.files.stat(path).catch(() => null)));
    if (found.some((each) => each !== null)) return argv;
  }
  return null;
}

/**
 * On Nitro the board's asset tag is the instance's id, which helps where IMDS cannot be asked.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html
 */
async function readInstanceId(host: Pick<Host, "files">): Promise<string | null> {
  const path = "/sys/devices/virtual/dmi/id/board_asset_tag";
  const bytes = await host.files.read(path).catch(() => null);
  const text = bytes === null ? "" : new TextDecoder().decode(bytes).trim();
  return /^i-[0-9a-f]{8,17}$/.test(text) ? text : null;
}
