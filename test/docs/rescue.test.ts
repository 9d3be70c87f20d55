import { expect, test } from "bun:test";
import { machinePaths, nicPathTemplates } from "../../src/model/managed-paths.ts";
import { dhcpHookPaths, udhcpcHookPath } from "../../src/model/dhcp.ts";
import { udevRulesPath } from "../../src/install/units/hotplug.ts";
import { renderInstallation } from "../../src/install/units/installation.ts";
import { blockBelow } from "../kit/basics/documents.ts";

const recipe = blockBelow("docs/troubleshooting.md", "rescue.test.ts runs this -->");
const onVolume = blockBelow("docs/troubleshooting.md", "runs this below a folder -->");
const rope = blockBelow("docs/cookbook.md", "rescue.test.ts runs this -->");

const configuration = [
  ...machinePaths,
  ...nicPathTemplates.map((place) => place.replace("MAC", "06ec2a000000")),
];
const { links } = renderInstallation("/usr/bin/ec2nic", {
  dhclient: null,
  dhcpcd: null,
  udhcpc: null,
  networkManager: null,
  hasNetworkd: true,
});
const starters = [udevRulesPath, ...links.map(({ path }) => path)];
const hooks = [
  ...dhcpHookPaths.dhclient.map((folder) => `${folder}/ec2nic`),
  ...dhcpHookPaths.dhcpcd.map((folder) => `${folder}/95-ec2nic`),
  ...dhcpHookPaths.networkManager.map((folder) => `${folder}/90-ec2nic`),
];

test.each([
  ["the rescue", recipe, [...configuration, ...starters, ...hooks]],
  [
    "the rescue of a volume",
    onVolume,
    [...configuration, ...starters, ...hooks].map((path) => `/mnt${path}`),
  ],
  ["the rope", rope, [...configuration, ...starters]],
])("%s removes each file of ours for NICs, and what starts us", (_, block, paths) => {
  const globs = removedIn(block).map((pattern) => new Bun.Glob(pattern));
  const left = paths.filter(
    (path) => !globs.some((glob) => glob.match(path) || glob.match(folderOf(path))),
  );
  expect(left).toEqual([]);
  expect(globs.some((glob) => glob.match(udhcpcHookPath))).toBe(false);
});

test("what is pasted for a volume names nothing of the machine that it runs on", () => {
  const paths = onVolume.split(/[\s']+/).filter((word) => word.startsWith("/"));
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !path.startsWith("/mnt/"))).toEqual([]);
});

/** What stands behind each `rm`. */
function removedIn(block: string): readonly string[] {
  const lines = block.replaceAll("\\\n", " ").matchAll(/\brm -r?f ([^&\n]*)/g);
  return [...lines].flatMap(([, words = ""]) => words.trim().split(/\s+/));
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
