import * as v from "valibot";
import { rootFileSystem } from "../../machine/root-file-system.ts";
import type { NicNetwork } from "./nic-network.ts";

/** The result of Debian's cloud-init. */
export interface CloudInitRun {
  readonly seconds: number;
  /** null: it found none. */
  readonly instanceId: string | null;
  readonly log: string;
}

/**
 * Calls cloud-init's EC2 data source as the local stage does, with its DHCP client; no service of it
 * runs. `identify_platform` is replaced, since no firmware says that this is EC2.
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

/** A root and a process namespace for cloud-init only, which kills DHCP clients. */
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

/** Runs cloud-init in the instance of the network, for at most `timeoutMs`. */
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
  return { ...v.parse(outputSchema, JSON.parse(stdout)), log: stderr };
}

const outputSchema = v.object({ seconds: v.number(), instanceId: v.nullable(v.string()) });
