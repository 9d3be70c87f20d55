import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FileOfMachine } from "../../../test/kit/machine/prepare.ts";
import type { ComparedProgram } from "./compared-program.ts";

const library = "/usr/share/amazon-ec2-net-utils";
/**
 * Its timer starts a refresh after 30 to 35 s, and systemd may add up to a minute (AccuracySec). Here
 * the refresh starts at the earliest time, so that the result does not depend on chance.
 */
const refreshMs = 30_000;
const unitFolder = "systemd/system";

/** `folder`: a checkout of github.com/amazonlinux/amazon-ec2-net-utils, installed as its makefile does. */
export function ec2NetUtils(folder: string): ComparedProgram {
  const read = (path: string): string => readFileSync(join(folder, path), "utf8");
  const program = read("bin/setup-policy-routes.sh").replaceAll(
    "AMAZON_EC2_NET_UTILS_LIBDIR",
    library,
  );
  const units = readdirSync(join(folder, unitFolder)).filter((name) => name.includes("policy"));
  // the NICs of the benchmark have another driver
  const network = read("systemd/network/80-ec2.network").replace(/^Driver=.*$/m, "$& veth");
  const files: Record<string, string | FileOfMachine> = {
    "/usr/bin/setup-policy-routes": { content: program, mode: 0o755 },
    [`${library}/lib.sh`]: read("lib/lib.sh"),
    "/usr/lib/systemd/network/80-ec2.network": network,
  };
  for (const unit of units) files[`/usr/lib/systemd/system/${unit}`] = read(join(unitFolder, unit));
  return {
    name: "ec2-net-utils",
    machine: { packages: ["curl"], enable: ["systemd-networkd.service"], files },
    prepare: async ({ machine }) => {
      await machine.run(["systemctl", "start", "policy-routes@ens5.service"], {
        timeoutMs: 60_000,
      });
      // requests for the primary must not be counted
      await machine.run(["systemctl", "stop", "refresh-policy-routes@ens5.timer"]);
    },
    configure: async ({ machine }, nic) => {
      const unit = `policy-routes@${nic}.service`;
      const startMs = performance.now();
      // the command of its udev rule
      await machine.run(["systemctl", "enable", "--now", "--no-block", unit]);
      const hasEnded = async (): Promise<boolean> => {
        const { stdout } = await machine.systemctl("show", "-P", "ActiveState", unit);
        return /^(?:active|failed)$/.test(stdout.trim());
      };
      await machine.until(`${unit} has ended`, hasEnded, 120_000).catch(() => false);
      const { stdout } = await machine.systemctl("show", "-P", "NRestarts", unit);
      await machine.run(["systemctl", "stop", `refresh-policy-routes@${nic}.timer`]);
      await Bun.sleep(Math.max(0, startMs + refreshMs - performance.now()));
      await machine.run(["systemctl", "start", `refresh-policy-routes@${nic}.service`]);
      const restarts = Number(stdout);
      return restarts === 0 ? "" : `failed ${restarts} time${restarts === 1 ? "" : "s"}`;
    },
  };
}
