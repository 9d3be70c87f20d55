/**
 * `make bench`: figures beside others', in one run, turn by turn.
 *
 * - `PART`: some of `parts` below, with commas between; default: all.
 * - `CHECK=1`: ends with 1 where a figure is worse than its bound (scripts/bench/bounds.json).
 * - `ROUNDS` (40): rounds of the short ones.
 * - `SCHEDULES`: which NICs are plugged in; `all`, a part of a name, or `none`; default: some.
 * - `EC2_NET_UTILS`: a checkout of amazon-ec2-net-utils, which then takes part.
 * - `NM_CLOUD_SETUP`: an executable of that name, which then takes part (Debian has none).
 */
import { enterNamespaces } from "../test/kit/netns/enter.ts";
import { needTools } from "../test/kit/basics/need-tools.ts";
import { buildNetwork } from "../test/kit/netns/network.ts";
import { run } from "../test/kit/basics/run.ts";
import { machineMissing } from "../test/kit/machine/missing.ts";
import { rootFileSystem } from "../test/kit/machine/root-file-system.ts";
import bounds from "./bench/bounds.json";
import { checkFigures } from "./bench/check-figures.ts";
import { type CloudInit, openCloudInit } from "./bench/crawl/cloud-init-crawl.ts";
import { benchCrawl } from "./bench/crawl/crawl.ts";
import type { Figure } from "./bench/figure.ts";
import { besidePeers } from "./bench/hot-plug/beside-peers.ts";
import { benchRefresh } from "./bench/refresh/refresh.ts";
import { benchNic, benchScale } from "./bench/scale.ts";
import { benchStart } from "./bench/start.ts";
import { benchThrottle } from "./bench/throttle.ts";

const rounds = Number(process.env["ROUNDS"] ?? "40");

type Part = (cloudInit: CloudInit) => Promise<readonly Figure[]>;

/** On a network of their own, with four NICs; `scale` adds more. */
const networkParts: Readonly<Record<string, Part>> = {
  start: () => benchStart(rounds),
  crawl: (cloudInit) => benchCrawl(cloudInit, Math.ceil(rounds / 4)),
  throttle: benchThrottle,
  scale: benchScale,
};

/** Each on machines of its own. */
const machineParts: Readonly<Record<string, Part>> = {
  refresh: benchRefresh,
  hotplug: async () => (process.env["SCHEDULES"] === "none" ? [] : besidePeers()),
};

const parts = { ...networkParts, ...machineParts };
const chosen = process.env["PART"]?.split(",") ?? Object.keys(parts);
const unknown = chosen.filter((part) => !Object.hasOwn(parts, part));
if (unknown.length > 0) {
  console.error(`PART=${unknown.join(",")}: there are ${Object.keys(parts).join(", ")}`);
  process.exit(64);
}
needTools({ curl: "curl", ip: "iproute2", unshare: "util-linux" });
const missing = machineMissing("trixie");
if (missing !== null) {
  console.error(`no bench here: ${missing}`);
  process.exit(69);
}
// outside of the namespaces, where there is a way to the packages
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
run("umount", "/sys"); // which hides the control groups
for (const [part, bench] of Object.entries(machineParts)) {
  if (chosen.includes(part)) figures.push(...(await bench(cloudInit)));
}
if (process.env["CHECK"] === "1") process.exit(checkFigures(figures, bounds) ? 0 : 1);
