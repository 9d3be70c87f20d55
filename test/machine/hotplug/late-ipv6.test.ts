import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { images } from "../../kit/machine/images.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem, suites } from "../../kit/machine/root-file-system.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { absences, watchAddress } from "../../kit/machine/checks/watch-address.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(120_000);
const missing = machineMissing();
const testMachine = testUnless(missing);
/** `SUITE=trixie` for the other. */
const suite = suites.find((each) => each === process.env["SUITE"]) ?? "bookworm";
beforeAll(async () => void (missing ?? (await rootFileSystem(suite))), 600_000);

const ipv6 = "2600:1f14:ec2:101::10";
const whole: EniSpec = { device: 1, dualStack: true };
const untold: EniSpec = { device: 1 };

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: what the image's DHCPv6 brought is there while IMDS does not tell of IPv6`,
    async () => {
      await using instance = await startInstance({ suite, enis: [{ device: 0 }], ...image });
      const { machine, vpc } = instance;
      await untilAddresses(machine, ["10.0.0.10"]);
      await machine.run(["ec2nic", "activate"]);

      await vpc.attach(machine, whole, { metadata: false });
      await untilAddresses(machine, ["10.0.1.10", ipv6], 20_000);
      const watch = await watchAddress(machine, "ens6", ipv6);
      await vpc.simulator.order("attach", untold);
      const add = "exec ec2nic hotplug add --nic ens6 --settle 5s 2>/run/said";
      const adding = machine.exec(["sh", "-c", add], { timeoutMs: 90_000 });
      await machine.until("its first configuration is active", async () => {
        const said = await machine.run(["sh", "-c", "cat /run/said; ip rule"]);
        return said.includes("configured after") && said.includes("from 10.0.1.10 lookup 10001");
      });
      await untilAddresses(machine, ["10.0.1.10", ipv6]);
      const silentMs = await watch.missingMs();

      await vpc.simulator.order("attach", whole);
      expect(await adding).toMatchObject({ code: 0 });
      await untilAddresses(machine, ["10.0.1.10", ipv6]);
      expect(await machine.run(["ip", "-6", "rule"])).toContain(`from ${ipv6} lookup 10001`);
      const checked = await machine.exec(["ec2nic", "activate", "--check"]);
      expect(checked).toMatchObject({ code: 0, stdout: "no difference\n" });
      const told = (await watch.missingMs()).slice(silentMs.length);
      console.log(`${backend}: ms without ${ipv6}:`, JSON.stringify({ silentMs, told }));
    },
  );
}

test("an address is missing from its removal until duplicate detection is over", () => {
  const line = (seconds: string, rest: string) => `[2026-01-02T03:04:${seconds}] ${rest}\n`;
  const is = (address: string, flags = "") =>
    `3: ens6    inet6 ${address}/128 scope global ${flags}dynamic noprefixroute \n       valid_lft 3600sec`;
  const said =
    line("05.100200", `Deleted ${is(ipv6)}`) +
    line("05.200200", `Deleted ${is(`${ipv6}1`)}`) +
    line("06.000000", is(ipv6, "tentative ")) +
    line("07.350200", is(ipv6)) +
    line("08.000000", is(ipv6)) +
    line("09.000000", `Deleted ${is(ipv6)}`);
  expect(absences(said, ipv6)).toEqual([2250, Infinity]);
});
