import type { Competitor, HotplugFile } from "./units/model.ts";

/**
 * Who else would configure NICs when they come and go, and how to switch that off. Never done by us:
 * two that take turns on the same files would be worse than either. `files`: udev's rules and
 * cloud-init's settings, in the order in which they are read, each name once, and links that enable
 * units.
 */
export function findCompetitors(files: readonly HotplugFile[]): readonly Competitor[] {
  const active = files.filter(({ isMask }) => !isMask);
  const found = [
    {
      ...cloudInit,
      files: [...filterPaths(active, cloudInitRules), ...findHotplugSetting(active)],
    },
    { ...netUtils, files: filterPaths(active, netUtilsRules) },
    { ...cloudSetup, files: filterPaths(active, cloudSetupLinks) },
  ];
  return found.filter(({ files }) => files.length > 0);
}

/**
 * It writes the rules at a boot where hotplug is asked for (cloudinit/config/cc_install_hotplug.py,
 * 25.1.4). Its socket is enabled by the package in any case, and alone does nothing.
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

/** Its rules start policy-routes@NIC.service, and a timer that does it again. */
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

/** It looks at each activation whether its service is enabled (90-nm-cloud-setup.sh, 1.42). */
const cloudSetupLinks = /\.(?:wants|requires)\/nm-cloud-setup\.(?:service|timer)$/;
const cloudSetup = {
  name: "nm-cloud-setup",
  commands: ["systemctl disable --now nm-cloud-setup.timer nm-cloud-setup.service"],
};

function filterPaths(files: readonly HotplugFile[], name: RegExp): readonly string[] {
  return files.map(({ path }) => path).filter((path) => name.test(path));
}

/** Of cloud-init's settings the last word counts; user-data, which is later still, is not a file. */
function findHotplugSetting(files: readonly HotplugFile[]): readonly string[] {
  const settings = files
    .filter(({ path }) => path.startsWith("/etc/cloud/"))
    .flatMap(({ path, content }) => parseWhenLists(content).map((when) => ({ path, when })));
  const last = settings.at(-1);
  return last?.when.includes("hotplug") === true ? [last.path] : [];
}

/** What `when:` lists, in either of YAML's two ways. */
function parseWhenLists(yaml: string): readonly string[] {
  const text = yaml.replaceAll(/(^|\s)#.*$/gm, "");
  const found = text.matchAll(/\bwhen["']?\s*:\s*(\[[^\]]*\]|(?:\n\s*-[^\n]*)+)/g);
  return [...found].map(([, list = ""]) => list);
}
