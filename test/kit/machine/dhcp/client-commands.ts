/** The commands by which an admin makes a client get, renew and release a lease on `ens6`. */
export interface ClientCommands {
  /** Units that are enabled at the boot. */
  readonly enable: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly lease: readonly string[];
  readonly renew: readonly string[];
  readonly release: readonly string[];
}

const network = "[Match]\nName=ens6\n[Network]\nDHCP=ipv4\n";
/** NetworkManager would configure every NIC; the test configures the primary itself. */
const unmanaged = "[main]\nno-auto-default=*\n[keyfile]\nunmanaged-devices=interface-name:ens5\n";
const none = { enable: [], files: {} };
const pidFile = "/run/client.pid";

export const clientCommands = {
  dhclient: {
    ...none,
    lease: ["dhclient", "-1", "-pf", pidFile, "ens6"],
    // with the lease in its file it asks for the same address
    renew: ["sh", "-c", `kill $(cat ${pidFile}); dhclient -1 -pf ${pidFile} ens6`],
    release: ["dhclient", "-r", "-pf", pidFile, "ens6"],
  },
  dhcpcd: {
    ...none,
    lease: ["dhcpcd", "-4", "-w", "ens6"],
    renew: ["dhcpcd", "-4", "-N", "ens6"],
    release: ["dhcpcd", "-4", "-k", "ens6"],
  },
  udhcpc: {
    ...none,
    lease: ["udhcpc", "-i", "ens6", "-s", "/etc/udhcpc/ec2nic.script", "-p", pidFile, "-O", "mtu"],
    renew: ["sh", "-c", `kill -USR1 $(cat ${pidFile})`],
    release: ["sh", "-c", `kill -USR2 $(cat ${pidFile})`],
  },
  NetworkManager: {
    enable: ["NetworkManager.service", "NetworkManager-dispatcher.service"],
    files: { "/etc/NetworkManager/conf.d/ens5.conf": unmanaged },
    lease: ["nmcli", "--wait", "20", "device", "connect", "ens6"],
    renew: ["nmcli", "device", "reapply", "ens6"],
    release: ["nmcli", "device", "disconnect", "ens6"],
  },
  networkd: {
    enable: ["systemd-networkd.service"],
    files: { "/etc/systemd/network/90-ens6.network.off": network },
    lease: [
      "sh",
      "-c",
      "cd /etc/systemd/network && mv 90-ens6.network.off 90-ens6.network && networkctl reload",
    ],
    renew: ["networkctl", "renew", "ens6"],
    release: ["sh", "-c", "rm /etc/systemd/network/90-ens6.network && networkctl reload"],
  },
} as const satisfies Readonly<Record<string, ClientCommands>>;

/** The address and the default route of the primary, as the DHCP client of an image sets them. */
export const primary = `
ip link set ens5 up
ip address add 10.0.0.10/24 dev ens5
ip route add default via 10.0.0.1 dev ens5
`;
