import type { Competitor, HotplugFile } from "./units/model.ts";

/**
 * Finds other programs that configure NICs when these are attached or detached, and the commands
 * that disable the programs. ec2nic never runs these commands: two programs that rewrite each
 * other's files would do more harm than one program. `files` contains udev rules and settings of
 * cloud-init, in the order in which they are read and each file name once, and links that enable
 * units.
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
 * (cloudinit/config/cc_install_hotplug.py, 25.1.4). The package always enables cloud-init's socket,
 * which does nothing without the rules.
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

/** The rules of the package start policy-routes@NIC.service, and a timer that starts it again. */
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

/** The dispatcher script works only if the service is enabled (90-nm-cloud-setup.sh, 1.42). */
const cloudSetupLinks = /\.(?:wants|requires)\/nm-cloud-setup\.(?:service|timer)$/;
const cloudSetup = {
  name: "nm-cloud-setup",
  commands: ["systemctl disable --now nm-cloud-setup.timer nm-cloud-setup.service"],
};

/** The file of cloud-init's last setting, if that enables hotplug. Later user-data is not read. */
function findHotplugSetting(files: readonly HotplugFile[]): readonly string[] {
  const settings = files
    .filter(({ path }) => path.startsWith("/etc/cloud/"))
    .flatMap(({ path, content }) => parseWhenLists(content).map((when) => ({ path, when })));
  const last = settings.at(-1);
  return last?.when.includes("hotplug") === true ? [last.path] : [];
}

/** The lists below the keys `when:`, in both notations of YAML. */
function parseWhenLists(yaml: string): readonly string[] {
  const text = yaml.replaceAll(/(^|\s)#.*$/gm, "");
  const found = text.matchAll(/\bwhen["']?\s*:\s*(\[[^\]]*\]|(?:\n\s*-[^\n]*)+)/g);
  return [...found].map(([, list = ""]) => list);
}
