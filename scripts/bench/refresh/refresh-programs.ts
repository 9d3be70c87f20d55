import { existsSync, readFileSync } from "node:fs";
import type { TestInstance, InstanceOptions } from "../../../test/kit/machine/vpc/instance.ts";
import { untilAddresses } from "../../../test/kit/machine/checks/until-addresses.ts";
import { netUtilsCheckout } from "../../shared/net-utils-checkout.ts";
import { ec2NetUtils } from "../hot-plug/ec2-net-utils.ts";
import { ec2nic } from "../hot-plug/ec2nic.ts";

/** A program that compares, from time to time, the NICs of a machine with IMDS. */
export interface RefreshProgram {
  readonly name: string;
  readonly machine: Omit<InstanceOptions, "enis" | "scenario">;
  /** Configures the NICs, so that a refresh finds nothing to do. */
  readonly prepare: (instance: TestInstance) => Promise<void>;
  /** A shell script that refreshes all NICs once. */
  readonly script: string;
}

const nics: readonly string[] = ["ens5", "ens6", "ens7", "ens8"];
const addresses = ["10.0.0.10", "10.0.1.10", "10.0.2.10", "10.0.3.10"] as const;

const ec2nicActivate: RefreshProgram = {
  name: "ec2nic activate",
  machine: { suite: "trixie", ...ec2nic.machine },
  prepare: async (instance) => {
    await ec2nic.prepare(instance);
    await untilAddresses(instance.machine, addresses);
  },
  script: "ec2nic activate",
};

/** Runs the command of the unit that its timer starts, for each NIC. */
function netUtilsRefresh(folder: string): RefreshProgram {
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
    script: `for nic in ${nics.join(" ")}; do setup-policy-routes "$nic" refresh; done`,
  };
}

/**
 * Runs the command of its unit; NetworkManager manages the NICs, with its automatic profiles. The
 * program configures only Ethernet devices with a permanent address, and the benchmark's NICs are
 * veths: `program` must have been built to take veths by their address.
 */
function cloudSetup(program: string): RefreshProgram {
  const path = "/usr/libexec/nm-cloud-setup";
  const script = `NM_CLOUD_SETUP_EC2=yes ${path}`;
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
      await instance.machine.run(["sh", "-c", script], { timeoutMs: 60_000 });
    },
    script,
  };
}

/** The programs that are available here; prints which are missing, and how to get them. */
export function refreshPrograms(): readonly RefreshProgram[] {
  const program = process.env["NM_CLOUD_SETUP"] ?? "";
  const checkout = netUtilsCheckout();
  const hasProgram = existsSync(program);
  if (!hasProgram) {
    console.log(
      "\nnm-cloud-setup is left out: NM_CLOUD_SETUP=FILE does not name an executable. Debian does not\n" +
        "package it: take the source of NetworkManager (1.42 for bookworm), replace NM_DEVICE_ETHERNET\n" +
        "by NM_DEVICE_VETH in src/nm-cloud-setup/main.c, because the benchmark's NICs are veths, and\n" +
        "run meson setup -Dnm_cloud_setup=true",
    );
  }
  return [
    ec2nicActivate,
    ...(checkout === null ? [] : [netUtilsRefresh(checkout)]),
    ...(hasProgram ? [cloudSetup(program)] : []),
  ];
}
