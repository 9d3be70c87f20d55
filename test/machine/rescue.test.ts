import { beforeAll, expect, setDefaultTimeout } from "bun:test";
import { documentAt } from "../docs/documents.ts";
import { modestImages as images } from "../support/machine/images.ts";
import { startInstance } from "../support/machine/instance.ts";
import { machineMissing } from "../support/machine/missing.ts";
import { rootFileSystem } from "../support/machine/root-file-system.ts";
import { untilAddresses } from "../support/machine/until-addresses.ts";
import { testUnless } from "../support/skip.ts";

setDefaultTimeout(120_000);
const missing = machineMissing();
const testMachine = testUnless(missing);
beforeAll(async () => void (missing ?? (await rootFileSystem("trixie"))), 600_000);

const enis = [
  { device: 0, ipv4: ["10.0.0.10"] },
  { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] },
];
/** Whatever could be a file of ours for NICs or units. */
const look = "find /etc ! -path '/etc/ec2nic*' -name '*ec2nic*'";

/** What is to be pasted where a machine is out of reach, but for its last line. */
function recipe(): string {
  const { text } = documentAt("docs/troubleshooting.md");
  const [, block = ""] =
    /rescue\.test\.ts runs this -->\s+```sh\n([\s\S]*?)^```$/m.exec(text) ?? [];
  expect(block).toEndWith("\nreboot\n");
  return block.replace(/reboot\n$/, "");
}

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: the rescue leaves what the image had, and it boots with that`,
    async () => {
      await using instance = await startInstance({ suite: "trixie", enis, ...image });
      const { machine } = instance;
      await untilAddresses(machine, ["10.0.0.10"]);
      await machine.run(["ec2nic", "hotplug", "--install"]);
      await machine.run(["ec2nic", "activate"], { timeoutMs: 60_000 });
      expect((await machine.run(["sh", "-c", look])).trim().split("\n").length).toBeGreaterThan(5);
      await machine.exec(["sh", "-c", recipe()]);
      expect(await machine.run(["sh", "-c", look])).toBe("");
      await using after = await instance.reboot();
      await untilAddresses(after.machine, ["10.0.0.10"]);
      expect(await after.machine.run(["ip", "rule"])).not.toContain("lookup 10001");
      const { code, stderr } = await after.machine.exec(["ec2nic", "fetch", "instance-id"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    },
  );
}
