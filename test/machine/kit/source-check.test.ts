import { describe, expect } from "bun:test";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { failedRows, packetFailure, packetTable } from "../../kit/machine/checks/packets.ts";
import { inside, outside } from "../../kit/machine/vpc/vpc-hosts.ts";

const testMachine = machineTest();

const enis = [
  { device: 0 },
  { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"], ipv4Prefixes: ["10.0.1.64/28"] },
];
const [primary, secondary] = ["06:ec:2a:00:00:00", "06:ec:2a:00:00:01"] as const;

describe("the source check of the VPC", () => {
  testMachine(
    "drops and counts packets that leave through the wrong ENI, and passes all others",
    async () => {
      await using instance = await startInstance({ enis });
      const { machine, vpc } = instance;
      await machine.run(["sh", "-ec", byHand]);

      // without rules all packets leave through the only default route
      expect(await packetFailure(instance, out("10.0.0.10", outside.ipv4))).toBeNull();
      expect(await packetFailure(instance, out("10.0.1.10", outside.ipv4))).not.toBeNull();
      expect(await vpc.dropped(primary)).toEqual({ packets: 1, sources: ["10.0.1.10"] });
      expect((await vpc.dropped(secondary)).packets).toBe(0);

      // with rules for the second ENI, the first still reaches the second's subnet through that ENI
      await machine.run(["sh", "-ec", byRules]);
      const failed = (await packetTable(instance)).filter(({ ok }) => !ok);
      expect(failed.map(({ address, host }) => `${address} ${host}`)).toEqual([
        "10.0.0.10 10.0.1.254",
        "10.0.0.10 10.0.1.254",
      ]);
      expect((await vpc.dropped(secondary)).sources).toEqual(["10.0.0.10"]);
      await machine.run(["ip", "route", "del", "10.0.1.0/24", "dev", "ens6", "table", "main"]);
      expect(failedRows(await packetTable(instance))).toEqual([]);
      // packets of an address in a delegated prefix pass, in both directions
      await machine.run(["ip", "address", "add", "10.0.1.70/32", "dev", "lo"]);
      for (const direction of ["out", "in"] as const) {
        const query = { address: "10.0.1.70", host: inside.ipv4, direction };
        expect(await packetFailure(instance, query)).toBeNull();
      }

      await vpc.change({ ...enis[1], device: 1, ipv4: ["10.0.1.10"] }, { metadata: false });
      expect(await packetFailure(instance, out("10.0.1.11", outside.ipv4))).not.toBeNull();
      expect((await vpc.dropped(secondary)).sources).toEqual(["10.0.0.10", "10.0.1.11"]);
    },
  );
});

function out(address: string, host: string): Parameters<typeof packetFailure>[1] {
  return { address, host, direction: "out" };
}

const byHand = `
ip link set lo up
ip link set ens5 up
ip link set ens6 up
ip address add 10.0.0.10/24 dev ens5
ip address add 10.0.1.10/24 dev ens6
ip address add 10.0.1.11/32 dev ens6
ip route add default via 10.0.0.1 dev ens5
`;

const byRules = `
ip route add 10.0.1.0/24 dev ens6 table 10001
ip route add default via 10.0.1.1 dev ens6 table 10001
for each in 10.0.1.10 10.0.1.11 10.0.1.64/28; do
  ip rule add priority 10001 from $each table 10001
done
`;
