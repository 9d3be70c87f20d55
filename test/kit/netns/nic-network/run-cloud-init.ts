import * as v from "valibot";
import { rootFileSystem } from "../../machine/root-file-system.ts";
import type { NicNetwork } from "./nic-network.ts";

/** What Debian's cloud-init came to. */
export interface CloudInitRun {
  readonly seconds: number;
  /** null: it had none to give. */
  readonly instanceId: string | null;
  readonly log: string;
}

/**
 * Its data source for EC2 as the local stage runs it, DHCP client and all, as a function: no
 * service of it ever runs. That this is EC2, the machine's firmware would say.
 */
const script = `
import json, logging, sys, time
from cloudinit import distros, helpers
from cloudinit.sources import DataSourceEc2
logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(relativeCreated)d ms: %(message)s")
DataSourceEc2.identify_platform = lambda: DataSourceEc2.CloudNames.AWS
paths = helpers.Paths({"cloud_dir": "/var/lib/cloud", "run_dir": "/run/cloud-init"})
distro = distros.fetch("debian")("debian", {}, paths)
source = DataSourceEc2.DataSourceEc2Local({}, distro, paths)
start = time.monotonic()
found = source._get_data()
print(json.dumps({
    "seconds": round(time.monotonic() - start, 2),
    "instanceId": source.metadata["instance-id"] if found else None,
}))
`;

/** A root of its own for it, which goes with it; it kills DHCP clients, so processes, too. */
const inItsRoot = `
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
cd /mnt/root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
for each in dev run tmp; do mount -t tmpfs tmpfs "$each"; done
for each in null:3 zero:5 random:8 urandom:9; do
  mknod -m 0666 "dev/\${each%:*}" c 1 "\${each#*:}"
done
rm -f etc/resolv.conf
: >etc/resolv.conf
exec chroot . python3 -B -
`;

/** Runs it in the network's instance, until it ends or `timeoutMs` have passed. */
export async function cloudInitLocal(
  network: NicNetwork,
  timeoutMs: number,
): Promise<CloudInitRun> {
  const root = await rootFileSystem("trixie", ["cloud-init"]);
  const own = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];
  const argv = [...own, "sh", "-ec", inItsRoot, "sh", root];
  const { code, stdout, stderr } = await network.run(argv, { stdin: script, timeoutMs });
  if (code === 137) return { seconds: timeoutMs / 1000, instanceId: null, log: stderr };
  if (code !== 0) throw new Error(`cloud-init ended with ${code}: ${stderr}`);
  return { ...v.parse(said, JSON.parse(stdout)), log: stderr };
}

const said = v.object({ seconds: v.number(), instanceId: v.nullable(v.string()) });
