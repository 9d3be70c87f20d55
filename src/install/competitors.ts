import type { Competitor, HotplugFile } from "./units/model.ts";

/**
 * Finds other programs that configure NICs when they are attached and detached, and the commands
 * that disable them. ec2nic never runs these: two programs that rewrite each other's files would be
 * worse than either. `files`: udev rules and settings of cloud-init, in their order of reading and
 * each name once, and links that enable units.
 */
export function findCompetitors(files: readonly HotplugFile[]): readonly Competitor[] {
  const active = files.filter(({ isMask }) => !isMask);
  const paths = active.map(({ path }) => path);
  const cloudInitFiles = paths.filter((path) => cloudInitRules.test(path));
  const found: readonly Competitor[] = [
    { ...cloudInit, files: [...cloudInitFiles, ...findHotplugSetting(active)] },
    { ...netUtils, files: paths.filter((path) => netUtilsRules.test(path)) },
    { ...cloudSetup, files: paths.filter((path) => cloudSetupLinks.test(path)) },
  ];
  return found.filter((competitor) => competitor.files.length > 0);
}

/**
 * cloud-init writes these rules at boot if its settings ask for hotplug
 * (cloudinit/config/cc_install_hotplug.py, 25.1.4). Its socket is always enabled by the package,
 * and does nothing without the rules.
 */
const cloudInitRules = /^\/etc\/udev\/rules\.d\/\d+-cloud-init-hook-hotplug\.rules$/;
const cloudInit = {
  name: "cloud-init's hotplug",
  commands: [
    "echo 'updates: {network: {when: [boot-new-instance]}}' >/etc/cloud/cloud.cfg.d/99-no-hotplug.cfg",
    "rm -f /etc/udev/rules.d/*-cloud-init-hook-hotplug.rules",
    "udevadm control --reload",
    "systemctl disable --now cloud-init-hotplugd.socket",
  ],
};

/** Its rules start policy-routes@NIC.service, and a timer that repeats it. */
const netUtilsRules = /\/99-vpc-policy-routes\.rules$/;
const netUtils = {
  name: "amazon-ec2-net-utils",
  commands: [
    "ln -sf /dev/null /etc/udev/rules.d/99-vpc-policy-routes.rules",
    "udevadm control --reload",
    "systemctl stop 'policy-routes@*.service' 'refresh-policy-routes@*.timer'",
    "rm -f /etc/systemd/system/timers.target.wants/refresh-policy-routes@*.timer",
  ],
};

/** Its dispatcher script works only if its service is enabled (90-nm-cloud-setup.sh, 1.42). */
const cloudSetupLinks = /\.(?:wants|requires)\/nm-cloud-setup\.(?:service|timer)$/;
const cloudSetup = {
  name: "nm-cloud-setup",
  commands: ["systemctl disable --now nm-cloud-setup.timer nm-cloud-setup.service"],
};

/** The last setting of cloud-init counts. (User-data, which is later still, is no file.) */
function findHotplugSetting(files: readonly HotplugFile[]): readonly string[] {
  const settings = files
    .filter(({ path }) => path.startsWith("/etc/cloud/"))
    .flatMap(({ path, content }) => parseWhenLists(content).map((when) => ({ path, when })));
  const last = settings.at(-1);
  return last?.when.includes("hotplug") === true ? [last.path] : [];
}

/** The lists of the keys `when:`, in either notation of YAML. */
function parseWhenLists(yaml: string): readonly string[] {
  const text = yaml.replaceAll(/(^|\s)#.*$/gm, "");
  const found = text.matchAll(/\bwhen["']?\s*:\s*(\[[^\]]*\]|(?:\n\s*-[^\n]*)+)/g);
  return [...found].map(([, list = ""]) => list);
}
