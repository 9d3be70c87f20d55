import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { pingCount, pingThrough } from "../../kit/machine/checks/ping-through.ts";
import { wireName } from "../../kit/machine/vpc/vpc-wire.ts";

setDefaultTimeout(40_000);
const testMachine = machineTest();

const byHand = `
ip link set ens5 up
ip address add 10.0.0.10/24 dev ens5
ip route add default via 10.0.0.1
`;

describe("a ping in the background", () => {
  testMachine("counts no loss on a working link, and the loss on a blocked one", async () => {
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

  testMachine("reaches the machine after a power cut, and the machine has its files", async () => {
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

test("pingCount counts lost numbers, but not the last, whose answer may still come", () => {
  const line = (at: number, number: number): string =>
    `[1700000000.${at}] 64 bytes from 198.51.100.7: icmp_seq=${number} ttl=64 time=0.05 ms\n`;
  const output = `PING\n${line(100, 1)}${line(150, 2)}${line(400, 4)}\n5 packets transmitted, 3 received\n`;
  expect(pingCount(output, 20)).toEqual({ sent: 4, lost: 1, lostNumbers: [3], longestGapMs: 250 });
});
