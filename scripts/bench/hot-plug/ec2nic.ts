import * as v from "valibot";
import type { ComparedProgram } from "./compared-program.ts";

const ms = v.nullable(v.number());
const result = v.object({
  nics: v.array(v.object({ timeline: v.optional(v.object({ usableMs: ms, appliedMs: ms })) })),
});

export const ec2nic: ComparedProgram = {
  name: "ec2nic",
  machine: {
    enable: ["systemd-networkd.service"],
    files: {
      "/etc/systemd/network/80-image.network": "[Match]\nName=ens5\n[Network]\nDHCP=yes\n",
    },
  },
  prepare: async ({ machine }) => void (await machine.run(["ec2nic", "activate"])),
  configure: async ({ machine }, nic) => {
    const argv = ["ec2nic", "hotplug", "add", "--nic", nic, "--json"];
    const { code, stdout, stderr } = await machine.exec(argv, { timeoutMs: 120_000 });
    if (code !== 0) return `exited with ${code}: ${stderr.trim().split("\n").at(-1) ?? ""}`;
    const [own] = v.parse(result, JSON.parse(stdout)).nics;
    return `usable at ${own?.timeline?.usableMs} ms, applied at ${own?.timeline?.appliedMs} ms`;
  },
};
