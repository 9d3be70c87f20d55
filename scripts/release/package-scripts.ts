import { dhcpHookDirectories } from "../../src/model/dhcp.ts";

const unit = "/etc/systemd/system/ec2nic-network.service";

/** Makes systemd and udev read their files again; does nothing in an image, where they do not run. */
export const reloadDaemons = `if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || :
  udevadm control --reload || :
fi
`;

/**
 * Runs `hotplug --install` again where it has been run: its files in /etc hide those of the package,
 * so they must be of the same version. DHCP hooks stay where there were some. Units that start another
 * program (/usr/local/bin/ec2nic) do not belong to the package and are left alone.
 */
export const updateInstalledFiles = `if grep -qs '^ExecStart=/usr/bin/ec2nic ' ${unit}; then
  hooks=
  for each in /etc/systemd/system/ec2nic-lease.* ${dhcpHookDirectories.map((folder) => `${folder}/*ec2nic*`).join(" ")}; do
    if [ -e "$each" ]; then hooks=--from-dhcp; fi
  done
  /usr/bin/ec2nic hotplug --install $hooks --quiet ||
    echo "ec2nic: cannot update the units and rules in /etc: run ec2nic hotplug --install" >&2
fi
`;

export const printFirstSteps =
  'echo "ec2nic: nothing is configured yet; to start, run: ec2nic hotplug --install"\n';

/** Before the program is removed: removes what starts it. The configuration of NICs stays. */
export const uninstallUnits = `if ! [ -e ${unit} ] || grep -qs '^ExecStart=/usr/bin/ec2nic ' ${unit}; then
  /usr/bin/ec2nic hotplug --uninstall --quiet ||
    echo "ec2nic: cannot remove the units and rules that hotplug --install wrote" >&2
fi
`;

/** After the program is removed: removes caches, records and locks. */
export const removeRunFiles = "rm -rf /run/ec2nic\n";
