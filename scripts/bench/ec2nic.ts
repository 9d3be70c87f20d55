import type { Contender } from "./contender.ts";

export const ec2nic: Contender = {
  name: "ec2nic",
  machine: {
    enable: ["systemd-networkd.service"],
    files: {
      "/etc/systemd/network/80-image.network": "[Match]\nName=ens5\n[Network]\nDHCP=yes\n",
    },
  },
  prepare: async ({ machine }) => void (await machine.run(["ec2nic", "activate"])),
  plugged: async ({ machine }, nic) => {
    const argv = ["ec2nic", "hotplug", "add", "--nic", nic, "--json"];
    const { code, stderr } = await machine.exec(argv, { timeoutMs: 120_000 });
    return code === 0 ? "" : `ended with ${code}: ${stderr.trim().split("\n").at(-1) ?? ""}`;
  },
};
