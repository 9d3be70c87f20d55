import { dhcpHookDirectories } from "../../src/model/dhcp.ts";

const unit = "/etc/systemd/system/ec2nic-network.service";

/** Nobody is told in an image, where neither runs. */
export const tellDaemons = `if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || :
  udevadm control --reload || :
fi
`;

/**
 * What \`hotplug --install\` wrote to /etc hides the package's own, so it must be of this version; with
 * the hooks that it had. Where it starts another program (/usr/local/bin/ec2nic), it is none of ours.
 */
export const refreshCopies = `if grep -qs '^ExecStart=/usr/bin/ec2nic ' ${unit}; then
  hooks=
  for each in /etc/systemd/system/ec2nic-lease.* ${dhcpHookDirectories.map((folder) => `${folder}/*ec2nic*`).join(" ")}; do
    if [ -e "$each" ]; then hooks=--from-dhcp; fi
  done
  /usr/bin/ec2nic hotplug --install $hooks --quiet ||
    echo "ec2nic: what hotplug --install wrote is not of this version: run it again" >&2
fi
`;

export const sayHowToBegin =
  'echo "ec2nic: nothing is configured yet; ec2nic hotplug --install begins it"\n';

/** Before the program goes: what would start it, whoever asked for it. The NICs' configuration stays. */
export const takeAway = `if ! [ -e ${unit} ] || grep -qs '^ExecStart=/usr/bin/ec2nic ' ${unit}; then
  /usr/bin/ec2nic hotplug --uninstall --quiet ||
    echo "ec2nic: what hotplug --install wrote is still there" >&2
fi
`;

/** After it: notes of this boot, and the folder of the lock. */
export const forget = "rm -rf /run/ec2nic\n";
