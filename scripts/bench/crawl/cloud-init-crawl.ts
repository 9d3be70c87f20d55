import { join } from "node:path";
import { run } from "../../../test/kit/basics/run.ts";
import { command } from "../../../test/kit/machine/command.ts";

/** What one run of a Python program came to. */
export interface PythonRun {
  readonly wholeMs: number;
  /** From after its imports to its end. */
  readonly insideMs: number;
  readonly peakKb: number;
}

export interface CloudInit {
  /** The packages' root as an overlay that may be written to. */
  readonly root: string;
  /** Its data source for EC2 with its own crawl, of everything, as its local stage does it. */
  readonly crawl: (url: string) => Promise<PythonRun>;
  /** No more than what that imports. */
  readonly importAlone: () => Promise<PythonRun>;
}

const imports = `
import json, logging, re, sys, time
from cloudinit import distros, helpers
from cloudinit.sources import DataSourceEc2
`;

/** That this is EC2, the machine's firmware would say; the service is the simulator. */
const crawl = `
logging.disable(logging.CRITICAL)
start = time.monotonic()
DataSourceEc2.DataSourceEc2.cloud_name = DataSourceEc2.CloudNames.AWS
paths = helpers.Paths({"cloud_dir": "/var/lib/cloud", "run_dir": "/run/cloud-init"})
source = DataSourceEc2.DataSourceEc2(
    {"datasource": {"Ec2": {"metadata_urls": [sys.argv[1]]}}},
    distros.fetch("debian")("debian", {}, paths), paths)
crawled = source.crawl_metadata()
assert len(crawled["meta-data"]["network"]["interfaces"]["macs"]) == int(sys.argv[2])
`;

const tell = `
peak = re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read()).group(1)
print(json.dumps([(time.monotonic() - start) * 1000, int(peak)]))
`;

/** On the tmpfs that the bench's network has there: it goes with that. */
const folder = "/run/cloud-init";

/** `packages`: a folder with Debian's whole root file system and cloud-init in it. Mounts. */
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
    root,
    crawl: (url) => python(root, imports + crawl + tell, [url, String(enis)]),
    importAlone: () => python(root, `${imports}start = time.monotonic()${tell}`, []),
  };
}

/** -B: nothing is compiled into the overlay that Debian has not compiled. */
async function python(root: string, script: string, args: readonly string[]): Promise<PythonRun> {
  const startMs = performance.now();
  const argv = ["chroot", root, "python3", "-B", "-c", script, ...args];
  const { code, stdout, stderr } = await command(argv, { timeoutMs: 120_000 });
  const wholeMs = performance.now() - startMs;
  if (code !== 0) throw new Error(`cloud-init ended with ${code}: ${stderr}`);
  const [insideMs = NaN, peakKb = NaN] = JSON.parse(stdout) as readonly number[];
  return { wholeMs, insideMs, peakKb };
}
