import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { pingCount, pingThrough } from "../../kit/machine/checks/ping-through.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import { wireName } from "../../kit/machine/vpc/vpc-wire.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(40_000);
const missing = machineMissing();
const testMachine = testUnless(missing);
beforeAll(async () => void (missing ?? (await rootFileSystem("bookworm"))), 600_000);

const byHand = `
ip link set ens5 up
ip address add 10.0.0.10/24 dev ens5
ip route add default via 10.0.0.1
`;

describe("a ping that runs while something else happens", () => {
  testMachine("loses nothing where nothing happens, and what is cut off, both ways", async () => {
    await using instance = await startInstance({ enis: [{ device: 0 }] });
    const { machine, sandbox, vpc } = instance;
    await machine.run(["sh", "-ec", byHand]);
    for (const direction of ["out", "in"] as const) {
      const quiet = await pingThrough(instance, { address: "10.0.0.10", direction });
      await Bun.sleep(500);
      const { sent, lost } = await quiet.stop();
      expect(sent).toBeGreaterThan(5);
      expect(lost).toBe(0);

      const cut = await pingThrough(instance, { address: "10.0.0.10", direction });
      await Bun.sleep(200);
      const wire = wireName(vpc.eni("06:ec:2a:00:00:00").mac);
      await sandbox.run(["bridge", "link", "set", "dev", wire, "state", "0"]);
      await Bun.sleep(400);
      await sandbox.run(["bridge", "link", "set", "dev", wire, "state", "3"]);
      await Bun.sleep(300);
      const counted = await cut.stop();
      expect(counted.lost).toBeGreaterThan(4);
      expect(counted.longestGapMs).toBeGreaterThan(300);
    }
  });

  testMachine("reaches the machine again after its power was cut, with what it wrote", async () => {
    const first = await startInstance({ enis: [{ device: 0 }] });
    await first.machine.write("/etc/kept", "yes\n");
    await using second = await first.reboot({ files: { "/etc/added": "too\n" } });
    const { machine } = second;
    expect(machine.pid).not.toBe(first.machine.pid);
    expect(await machine.run(["cat", "/etc/kept", "/etc/added"])).toBe("yes\ntoo\n");
    await machine.run(["sh", "-ec", byHand]);
    const ping = await pingThrough(second, { address: "10.0.0.10", direction: "in" });
    await Bun.sleep(200);
    expect((await ping.stop()).lost).toBe(0);
  });
});

test("pings are counted by their numbers; the last may still be on its way", () => {
  const line = (at: number, number: number): string =>
    `[1700000000.${at}] 64 bytes from 198.51.100.7: icmp_seq=${number} ttl=64 time=0.05 ms\n`;
  const said = `PING\n${line(100, 1)}${line(150, 2)}${line(400, 4)}\n5 packets transmitted, 3 received\n`;
  expect(pingCount(said, 20)).toEqual({ sent: 4, lost: 1, lostNumbers: [3], longestGapMs: 250 });
});
