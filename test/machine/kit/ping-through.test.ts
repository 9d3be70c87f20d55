import { describe, expect, test } from "bun:test";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { pingCount, pingThrough } from "../../kit/machine/checks/ping-through.ts";
import { wireName } from "../../kit/machine/vpc/vpc-wire.ts";

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
      await machine.until("five packets are answered", () => quiet.answered() >= 5);
      expect(await quiet.stop()).toMatchObject({ lost: 0, longestLoss: 0 });

      const cut = await pingThrough(instance, { address: "10.0.0.10", direction });
      await machine.until("a packet is answered", () => cut.answered() > 0);
      const wire = wireName(vpc.eni("06:ec:2a:00:00:00").mac);
      await sandbox.run(["bridge", "link", "set", "dev", wire, "state", "0"]);
      const before = cut.unanswered();
      await machine.until("five packets are lost", () => cut.unanswered() >= before + 5);
      await sandbox.run(["bridge", "link", "set", "dev", wire, "state", "3"]);
      expect((await cut.stop()).longestLoss).toBeGreaterThanOrEqual(5);
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
    expect((await ping.stop()).lost).toBe(0);
  });
});

describe("pingCount", () => {
  const answer = (number: number): string =>
    `64 bytes from 198.51.100.7: icmp_seq=${number} ttl=64 time=0.05 ms\n`;
  const missing = (number: number): string => `no answer yet for icmp_seq=${number}\n`;
  const output = ["PING\n", answer(1), missing(2), missing(3), missing(4), answer(4), missing(5)];

  test("counts a packet as lost unless its answer came, also a late one", () => {
    const counted = { sent: 4, lost: 2, lostNumbers: [2, 3], longestLoss: 2 };
    expect(pingCount(output.join(""), false)).toEqual(counted);
  });

  test("counts the packets at the end where no further answer came", () => {
    const counted = { sent: 5, lost: 3, lostNumbers: [2, 3, 5], longestLoss: 2 };
    expect(pingCount(output.join(""), true)).toEqual(counted);
  });
});
