import { expect, test } from "bun:test";
import { machinePaths, nicPathTemplates } from "../../src/model/managed-paths.ts";
import { dhcpHookPaths, udhcpcHookPath } from "../../src/model/dhcp.ts";
import { udevRulesPath } from "../../src/install/units/hotplug.ts";
import { renderInstallation } from "../../src/install/units/installation.ts";
import { blockBelow } from "../kit/basics/documents.ts";

const rescueScript = blockBelow("docs/troubleshooting.md", "rescue.test.ts runs this -->");
const volumeRescueScript = blockBelow("docs/troubleshooting.md", "runs this below a folder -->");
const safetyTimerScript = blockBelow("docs/cookbook.md", "rescue.test.ts runs this -->");

const configuration = [
  ...machinePaths,
  ...nicPathTemplates.map((template) => template.replace("MAC", "06ec2a000000")),
];
const { links } = renderInstallation("/usr/bin/ec2nic", {
  dhclient: null,
  dhcpcd: null,
  udhcpc: null,
  networkManager: null,
  hasNetworkd: true,
});
/** The files that make udev and systemd start ec2nic. */
const startingFiles = [udevRulesPath, ...links.map(({ path }) => path)];
const hooks = [
  ...dhcpHookPaths.dhclient.map((folder) => `${folder}/ec2nic`),
  ...dhcpHookPaths.dhcpcd.map((folder) => `${folder}/95-ec2nic`),
  ...dhcpHookPaths.networkManager.map((folder) => `${folder}/90-ec2nic`),
];

test.each([
  ["the rescue", rescueScript, [...configuration, ...startingFiles, ...hooks]],
  [
    "the rescue of a mounted volume",
    volumeRescueScript,
    [...configuration, ...startingFiles, ...hooks].map((path) => `/mnt${path}`),
  ],
  ["the safety timer", safetyTimerScript, [...configuration, ...startingFiles]],
])("%s removes each NIC file of ec2nic and each file that starts it", (_, block, paths) => {
  const globs = removedIn(block).map((pattern) => new Bun.Glob(pattern));
  const notRemoved = paths.filter(
    (path) => !globs.some((glob) => glob.match(path) || glob.match(folderOf(path))),
  );
  expect(notRemoved).toEqual([]);
  expect(globs.some((glob) => glob.match(udhcpcHookPath))).toBe(false);
});

test("the rescue of a volume names only paths below /mnt", () => {
  const paths = volumeRescueScript.split(/[\s']+/).filter((word) => word.startsWith("/"));
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !path.startsWith("/mnt/"))).toEqual([]);
});

/** The arguments of each `rm`. */
function removedIn(block: string): readonly string[] {
  const lines = block.replaceAll("\\\n", " ").matchAll(/\brm -r?f ([^&\n]*)/g);
  return [...lines].flatMap(([, words = ""]) => words.trim().split(/\s+/));
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
