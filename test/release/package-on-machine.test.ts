import { expect, setDefaultTimeout } from "bun:test";
import { startSandbox } from "../kit/machine/sandbox.ts";
import { startMachine } from "../kit/machine/machine.ts";
import { machineMissing } from "../kit/machine/missing.ts";
import { suites } from "../kit/machine/root-file-system.ts";
import { releaseFile, releaseMissing } from "../kit/release/release-files.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(300_000);

const path = releaseFile(`ec2nic_VERSION_${process.arch === "arm64" ? "arm64" : "amd64"}.deb`);
const units = ["ec2nic-local.service", "ec2nic-network.service", "ec2nic-repair.timer"];
/** The machine has no IMDS. With this, ec2nic exits with 78, which the units accept. */
const noImds = "[Manager]\nDefaultEnvironment=AWS_EC2_METADATA_DISABLED=true\n";

for (const suite of suites) {
  const testIt = testUnless(releaseMissing(path) ?? machineMissing(suite));

  testIt(
    `${suite}, booted: the package starts nothing, can be enabled, and is purged`,
    async () => {
      const sandbox = await startSandbox();
      try {
        const files = { "/etc/ec2nic/always": "", "/etc/systemd/system.conf.d/off.conf": noImds };
        const enable = ["systemd-networkd.service"];
        const machine = await startMachine(sandbox, { suite, files, enable, binary: null });
        const isActive = async (unit: string) =>
          (await machine.systemctl("is-active", unit)).stdout.trim();
        const loadedUnits = async () =>
          (
            await machine.exec([
              "systemctl",
              "list-units",
              "--all",
              "--plain",
              "--no-legend",
              "ec2nic*",
            ])
          ).stdout;

        const stdin = await Bun.file(path).bytes();
        await machine.exec(["sh", "-c", "cat >/var/ec2nic.deb"], { stdin, timeoutMs: 60_000 });
        const installed = await machine.exec(["dpkg", "-i", "/var/ec2nic.deb"], {
          timeoutMs: 60_000,
        });
        expect(installed.code).toBe(0);
        expect(await loadedUnits()).toBe("");

        await machine.run(["systemctl", "enable", "--now", ...units]);
        expect(await isActive("ec2nic-repair.timer")).toBe("active");
        expect((await machine.systemctl("show", "-P", "Result", units[1] ?? "")).stdout).toBe(
          "success\n",
        );

        const purged = await machine.exec(["dpkg", "-P", "ec2nic"], { timeoutMs: 60_000 });
        expect(purged).toMatchObject({ code: 0 });
        expect(await isActive("ec2nic-repair.timer")).toBe("inactive");
        expect(await machine.run(["sh", "-c", "find /etc /usr /run -name '*ec2nic*'"])).toBe(
          "/etc/ec2nic\n",
        );
      } finally {
        await sandbox.stop();
      }
    },
  );
}
