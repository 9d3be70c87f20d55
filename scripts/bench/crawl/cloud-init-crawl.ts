import { join } from "node:path";
import { run } from "../../shared/run.ts";
import { command } from "../../../test/kit/machine/command.ts";

/** The measured run of a Python program. */
export interface PythonRun {
  /** From the start of Python to its exit. */
  readonly processMs: number;
  readonly peakKb: number;
}

export interface CloudInit {
  /** Crawls all metadata with cloud-init's data source for EC2, as its local stage does. */
  readonly crawl: (url: string) => Promise<PythonRun>;
  /** Only imports what `crawl` imports. */
  readonly importAlone: () => Promise<PythonRun>;
}

const imports = `
import logging, re, sys
from cloudinit import distros, helpers
from cloudinit.sources import DataSourceEc2
`;

/** `cloud_name` is set because the machine has no firmware of EC2; the URL is the simulator's. */
const crawl = `
logging.disable(logging.CRITICAL)
DataSourceEc2.DataSourceEc2.cloud_name = DataSourceEc2.CloudNames.AWS
paths = helpers.Paths({"cloud_dir": "/var/lib/cloud", "run_dir": "/run/cloud-init"})
source = DataSourceEc2.DataSourceEc2(
    {"datasource": {"Ec2": {"metadata_urls": [sys.argv[1]]}}},
    distros.fetch("debian")("debian", {}, paths), paths)
crawled = source.crawl_metadata()
assert len(crawled["meta-data"]["network"]["interfaces"]["macs"]) == int(sys.argv[2])
`;

const printPeak = `
print(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read()).group(1))
`;

/** In the namespace's tmpfs on /run, which ends with the namespace. */
const folder = "/run/cloud-init";

/**
 * Mounts an overlay over a root file system that has cloud-init. `packages`: the folder of that root
 * file system; `enis`: how many ENIs a crawl must find.
 */
export function openCloudInit(packages: string, enis: number): CloudInit {
  const root = join(folder, "root");
  run("mkdir", folder, root, join(folder, "upper"), join(folder, "work"));
  const layers = `lowerdir=${packages},upperdir=${folder}/upper,workdir=${folder}/work`;
  run("mount", "-t", "overlay", "-o", layers, "overlay", root);
  run("mount", "-t", "proc", "proc", `${root}/proc`);
  run("mount", "-t", "sysfs", "-o", "ro", "sysfs", `${root}/sys`);
  run("mount", "-t", "tmpfs", "tmpfs", `${root}/dev`);
  run("mknod", "-m", "0666", `${root}/dev/null`, "c", "1", "3");
  run("mknod", "-m", "0666", `${root}/dev/urandom`, "c", "1", "9");
  return {
    crawl: (url) => python(root, imports + crawl + printPeak, [url, String(enis)]),
    importAlone: () => python(root, imports + printPeak, []),
  };
}

/** -B: Python writes no bytecode into the overlay, where Debian's package has none. */
async function python(root: string, script: string, args: readonly string[]): Promise<PythonRun> {
  const startMs = performance.now();
  const argv = ["chroot", root, "python3", "-B", "-c", script, ...args];
  const { code, stdout, stderr } = await command(argv, { timeoutMs: 120_000 });
  const processMs = performance.now() - startMs;
  if (code !== 0) throw new Error(`cloud-init exited with ${code}: ${stderr}`);
  return { processMs, peakKb: Number(stdout) };
}
