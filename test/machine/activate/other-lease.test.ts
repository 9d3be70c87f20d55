import { expect } from "bun:test";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { images } from "../../kit/machine/images.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { startInstance, type TestInstance } from "../../kit/machine/vpc/instance.ts";

const testTrixie = machineTest("trixie");

const enis = [{ device: 0 }, { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] }];
const mac = "06:ec:2a:00:00:01";

async function run({ machine }: TestInstance, ...argv: readonly string[]) {
  const { code, stdout, stderr } = await machine.exec(["ec2nic", ...argv], { timeoutMs: 120_000 });
  return { code, text: stdout + stderr };
}

// Each run reconfigured the NIC, for ever, and the address that DHCP gave had no rules.
for (const backend of ["networkd", "network-manager"] as const) {
  for (const [what, leased, repairs] of [
    ["lists second", "10.0.1.11", 0],
    ["does not list", "10.0.1.99", 1],
  ] as const) {
    testTrixie(`${backend}: DHCP gives an address that IMDS ${what}`, async () => {
      await using instance = await startInstance({
        suite: "trixie",
        enis,
        leases: { [mac]: [leased] },
        ...images[backend],
      });
      const { machine } = instance;
      await untilAddresses(machine, ["10.0.0.10", leased]);
      const first = await run(instance, "activate");
      expect(first).toMatchObject({ code: 0 });
      await untilAddresses(machine, ["10.0.0.10", leased]);
      const texts: string[] = [first.text];
      for (const _ of [1, 2, 3, 4]) {
        const { code, text } = await run(instance, "hotplug", "sync", "--verbose");
        expect({ code, text }).toMatchObject({ code: 0 });
        texts.push(text);
        await untilAddresses(machine, ["10.0.0.10", leased]);
      }
      const all = texts.join("");
      expect(all.match(/running (networkctl reconfigure|nmcli)/g)?.length ?? 0).toBe(repairs);
      const warning = `ens6: DHCP gives ${leased}, but IMDS lists 10.0.1.10 first`;
      expect(all.split(warning).length - 1).toBe(1);
      expect(await run(instance, "activate", "--check")).toMatchObject({ code: 0 });
      await untilAddresses(machine, ["10.0.1.10", "10.0.1.11", leased]);
      const rules = await machine.run(["ip", "-4", "rule"]);
      for (const address of ["10.0.1.10", "10.0.1.11", leased]) {
        expect(rules).toContain(`from ${address} `);
      }
    });
  }
}
