/**
 * `make bench`: measures ec2nic beside other programs, which take turns in one run.
 *
 * - `PART`: names of `parts` below, with commas between them; default: all.
 * - `CHECK=1`: exits with 1 if a figure exceeds its bound (scripts/bench/bounds.json).
 * - `ROUNDS` (40): the number of rounds of the short parts.
 * - `SCHEDULES`: which hot-plugged NICs: `all`, part of a name, or `none`; default: some.
 * - `EC2_NET_UTILS`: a checkout of amazon-ec2-net-utils, which is then measured too.
 * - `NM_CLOUD_SETUP`: an executable of nm-cloud-setup, which is then measured too (Debian has none).
 */
import { enterNamespaces } from "./shared/enter-namespaces.ts";
import { needTools } from "./shared/need-tools.ts";
import { buildNetwork } from "./shared/veth-network.ts";
import { run } from "./shared/run.ts";
import { machineMissing } from "../test/kit/machine/missing.ts";
import { rootFileSystem } from "../test/kit/machine/root-file-system.ts";
import bounds from "./bench/bounds.json";
import { checkFigures } from "./bench/check-figures.ts";
import { type CloudInit, openCloudInit } from "./bench/crawl/cloud-init-crawl.ts";
import { benchCrawl } from "./bench/crawl/crawl.ts";
import type { Figure } from "./bench/figure.ts";
import { benchHotPlug } from "./bench/hot-plug/hot-plug.ts";
import { benchRefresh } from "./bench/refresh/refresh.ts";
import { benchNic, benchScale } from "./bench/scale.ts";
import { benchStart } from "./bench/start.ts";
import { benchThrottle } from "./bench/throttle.ts";
import { chosenNames } from "./shared/chosen-names.ts";

const rounds = Number(process.env["ROUNDS"] ?? "40");

type Part = (cloudInit: CloudInit) => Promise<readonly Figure[]>;

/** These run in a network namespace with four NICs; `scale` adds more. */
const networkParts: Readonly<Record<string, Part>> = {
  start: () => benchStart(rounds),
  crawl: (cloudInit) => benchCrawl(cloudInit, Math.ceil(rounds / 4)),
  throttle: benchThrottle,
  scale: benchScale,
};

/** Each of these starts its own machines. */
const machineParts: Readonly<Record<string, Part>> = {
  refresh: benchRefresh,
  hotplug: async () => (process.env["SCHEDULES"] === "none" ? [] : benchHotPlug()),
};

const parts = { ...networkParts, ...machineParts };
const chosen = chosenNames("PART", Object.keys(parts));
needTools({ curl: "curl", ip: "iproute2", unshare: "util-linux" });
const missing = machineMissing("trixie");
if (missing !== null) {
  console.error(`the benchmark cannot run here: ${missing}`);
  process.exit(69);
}
// before the namespaces, which have no route to the package servers
const packages = await rootFileSystem("trixie", ["cloud-init"]);
await rootFileSystem("trixie");
await rootFileSystem("trixie", ["curl"]);
await rootFileSystem("bookworm", ["libcurl4"]);
await enterNamespaces();
buildNetwork([0, 1, 2, 3].map(benchNic));
const cloudInit = openCloudInit(packages, 4);
const figures: Figure[] = [];
for (const [part, bench] of Object.entries(networkParts)) {
  if (chosen.includes(part)) figures.push(...(await bench(cloudInit)));
}
run("umount", "/sys"); // this mount hides the control groups, which machines need
for (const [part, bench] of Object.entries(machineParts)) {
  if (chosen.includes(part)) figures.push(...(await bench(cloudInit)));
}
if (process.env["CHECK"] === "1") process.exit(checkFigures(figures, bounds) ? 0 : 1);
