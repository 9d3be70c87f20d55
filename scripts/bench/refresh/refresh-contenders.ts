import { existsSync, readFileSync } from "node:fs";
import type { TestInstance, InstanceOptions } from "../../../test/kit/machine/vpc/instance.ts";
import { untilAddresses } from "../../../test/kit/machine/checks/until-addresses.ts";
import { ec2NetUtils } from "../hot-plug/ec2-net-utils.ts";
import { ec2nic } from "../hot-plug/ec2nic.ts";

/** Who looks, now and then, whether a machine's NICs are as IMDS has them. */
export interface Refresher {
  readonly name: string;
  readonly machine: Omit<InstanceOptions, "enis" | "scenario">;
  /** What it must have done before, so that a pass finds nothing to do. */
  readonly prepare: (instance: TestInstance) => Promise<void>;
  /** One pass over all NICs, as a shell's script. */
  readonly pass: string;
}

export const nics: readonly string[] = ["ens5", "ens6", "ens7", "ens8"];
const addresses = ["10.0.0.10", "10.0.1.10", "10.0.2.10", "10.0.3.10"] as const;

export const ours: Refresher = {
  name: "ec2nic activate",
  machine: { suite: "trixie", ...ec2nic.machine },
  prepare: async (instance) => {
    await ec2nic.prepare(instance);
    await untilAddresses(instance.machine, addresses);
  },
  pass: "ec2nic activate",
};

/** As its timer's unit has it, for each NIC. */
export function netUtils(folder: string): Refresher {
  const { machine, name } = ec2NetUtils(folder);
  return {
    name,
    machine: { suite: "trixie", ...machine },
    prepare: async (instance) => {
      for (const nic of nics) {
        const unit = `policy-routes@${nic}.service`;
        await instance.machine.run(["systemctl", "start", unit], { timeoutMs: 60_000 });
        await instance.machine.run(["systemctl", "stop", `refresh-policy-routes@${nic}.timer`]);
      }
      await untilAddresses(instance.machine, addresses);
    },
    pass: `for nic in ${nics.join(" ")}; do setup-policy-routes "$nic" refresh; done`,
  };
}

/**
 * As its unit starts it; NetworkManager is in charge, with profiles of its own making. It looks for
 * Ethernet devices with a permanent address, which the bench's NICs are not: `program` must have
 * been built to take veths by their address.
 */
export function cloudSetup(program: string): Refresher {
  const path = "/usr/libexec/nm-cloud-setup";
  const pass = `NM_CLOUD_SETUP_EC2=yes ${path}`;
  return {
    name: "nm-cloud-setup",
    machine: {
      suite: "bookworm",
      packages: ["libcurl4"],
      enable: ["NetworkManager.service"],
    },
    prepare: async (instance) => {
      await instance.machine.run(["mkdir", "-p", "/usr/libexec"]);
      await instance.machine.write(path, readFileSync(program), 0o755);
      await untilAddresses(instance.machine, addresses);
      await instance.machine.run(["sh", "-c", pass], { timeoutMs: 60_000 });
    },
    pass,
  };
}

/** Those that are here; says who is not, and how they would be. */
export function refreshers(): readonly Refresher[] {
  const { EC2_NET_UTILS: folder = "", NM_CLOUD_SETUP: program = "" } = process.env;
  const hasFolder = existsSync(`${folder}/lib/lib.sh`);
  if (!hasFolder) console.log("\nec2-net-utils is left out: EC2_NET_UTILS=DIR names no checkout");
  const hasProgram = existsSync(program);
  if (!hasProgram) {
    console.log(
      "\nnm-cloud-setup is left out: NM_CLOUD_SETUP=FILE names no executable (Debian has none:\n" +
        "meson setup -Dnm_cloud_setup=true in NetworkManager's source, 1.42 for bookworm, with\n" +
        "NM_DEVICE_VETH for NM_DEVICE_ETHERNET in src/nm-cloud-setup/main.c, as the bench's NICs are)",
    );
  }
  return [
    ours,
    ...(hasFolder ? [netUtils(folder)] : []),
    ...(hasProgram ? [cloudSetup(program)] : []),
  ];
}
