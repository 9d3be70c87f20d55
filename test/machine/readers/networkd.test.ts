import { beforeAll, expect, setDefaultTimeout } from "bun:test";
import { machineLimitMs } from "../../kit/machine/machine-test.ts";
import { goldenCases, treeOf } from "../../kit/files/golden-case.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem, suites } from "../../kit/machine/root-file-system.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(machineLimitMs);

/** A message of networkd about a file or a line that it does not understand. */
const complaint = /60-ec2nic.*(?:ignoring|Unknown|Failed|invalid|Invalid|not set)/;

for (const suite of suites) {
  const missing = machineMissing(suite);
  beforeAll(async () => void (missing ?? (await rootFileSystem(suite))), machineLimitMs);

  testUnless(missing)(
    `${suite}: networkd reads the files of every golden case without a complaint`,
    async () => {
      await using instance = await startInstance({
        suite,
        enis: [{ device: 0 }],
        enable: ["systemd-networkd.service"],
      });
      const { machine } = instance;
      let units = 0;
      for (const { name, folder } of await goldenCases()) {
        const files = Object.entries(await treeOf(`${folder}/expected/networkd`));
        for (const [path, content] of files) await machine.write(path, content, 0o644);
        units += files.length;
        await machine.run(["networkctl", "reload"]);
        const journal = (await machine.journal("systemd-networkd.service")).split("\n");
        const complaints = journal.filter((line) => complaint.test(line));
        expect({ name, complaints }).toEqual({ name, complaints: [] });
        await machine.remove(...files.map(([path]) => path));
      }
      console.log(`${suite}: ${units} files`);
      expect(units).toBeGreaterThan(25);
    },
  );

  testUnless(missing)(
    `${suite}: networkd complains about an unknown setting, so that the test above can fail`,
    async () => {
      await using instance = await startInstance({
        suite,
        enis: [{ device: 0 }],
        enable: ["systemd-networkd.service"],
      });
      const { machine } = instance;
      const path = "/etc/systemd/network/60-ec2nic-06aabbccdd01.network";
      await machine.write(path, "[Match]\nMACAddress=06:aa:bb:cc:dd:01\n\n[Network]\nDHPC=yes\n");
      await machine.run(["networkctl", "reload"]);
      expect(await machine.journal("systemd-networkd.service")).toMatch(complaint);
    },
  );
}
