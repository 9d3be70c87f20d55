import { beforeAll, expect, setDefaultTimeout } from "bun:test";
import { goldenCases, treeOf } from "../../kit/files/golden-case.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem, suites } from "../../kit/machine/root-file-system.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(600_000);

/** What networkd says of a file that it does not understand, whole or in part. */
const complaint = /60-ec2nic.*(?:ignoring|Unknown|Failed|invalid|Invalid|not set)/;

for (const suite of suites) {
  const missing = machineMissing(suite);
  beforeAll(async () => void (missing ?? (await rootFileSystem(suite))), 600_000);

  testUnless(missing)(
    `${suite}: networkd reads the units of every case without a word`,
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
        const said = (await machine.journal("systemd-networkd.service")).split("\n");
        expect({ name, said: said.filter((line) => complaint.test(line)) }).toEqual({
          name,
          said: [],
        });
        await machine.remove(...files.map(([path]) => path));
      }
      console.log(`${suite}: ${units} files`);
      expect(units).toBeGreaterThan(40);
    },
  );

  testUnless(missing)(
    `${suite}: and complains of what it does not understand, so that the test above can fail`,
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
