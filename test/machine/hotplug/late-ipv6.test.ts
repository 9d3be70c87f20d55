import { expect, test } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { images } from "../../kit/machine/images.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { suites } from "../../kit/machine/root-file-system.ts";
import { expectNoDifference } from "../../kit/machine/checks/nothing-to-do.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import type { Machine } from "../../kit/machine/machine.ts";

/** The Debian release of the machine; `SUITE=trixie` for the other one. */
const suite = suites.find((each) => each === process.env["SUITE"]) ?? "bookworm";
const testMachine = machineTest(suite);

const ipv6 = "2600:1f14:ec2:101::10";
const withIpv6: EniSpec = { device: 1, dualStack: true };
const withoutIpv6: EniSpec = { device: 1 };

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: an IPv6 address from the image's DHCPv6 stays until IMDS lists it`,
    async () => {
      await using instance = await startInstance({ suite, enis: [{ device: 0 }], ...image });
      const { machine, vpc } = instance;
      await untilAddresses(machine, ["10.0.0.10"]);
      await machine.run(["ec2nic", "activate"]);

      await vpc.attach(machine, withIpv6, { metadata: false });
      await untilAddresses(machine, ["10.0.1.10", ipv6]);
      const watch = await watchAddress(machine, "ens6", ipv6);
      await vpc.simulator.order("attach", withoutIpv6);
      const add = "exec ec2nic hotplug add --nic ens6 --settle 5s 2>/run/messages";
      const adding = machine.exec(["sh", "-c", add]);
      await machine.until("the first configuration is active", async () => {
        const output = await machine.run(["sh", "-c", "cat /run/messages; ip rule"]);
        return (
          output.includes("configured after") && output.includes("from 10.0.1.10 lookup 10001")
        );
      });
      await untilAddresses(machine, ["10.0.1.10", ipv6]);
      const missingBeforeMs = await watch.missingMs();

      await vpc.simulator.order("attach", withIpv6);
      expect(await adding).toMatchObject({ code: 0 });
      await untilAddresses(machine, ["10.0.1.10", ipv6]);
      expect(await machine.run(["ip", "-6", "rule"])).toContain(`from ${ipv6} lookup 10001`);
      await expectNoDifference(machine);
      const missingAfterMs = (await watch.missingMs()).slice(missingBeforeMs.length);
      const missing = JSON.stringify({ missingBeforeMs, missingAfterMs });
      console.log(`${backend}: ms without ${ipv6}, before and after IMDS lists it: ${missing}`);
    },
  );
}

test("absences counts an address as missing until its duplicate address detection has ended", () => {
  const line = (seconds: string, rest: string) => `[2026-01-02T03:04:${seconds}] ${rest}\n`;
  const shown = (address: string, flags = "") =>
    `3: ens6    inet6 ${address}/128 scope global ${flags}dynamic noprefixroute \n       valid_lft 3600sec`;
  const log =
    line("05.100200", `Deleted ${shown(ipv6)}`) +
    line("05.200200", `Deleted ${shown(`${ipv6}1`)}`) +
    line("06.000000", shown(ipv6, "tentative ")) +
    line("07.350200", shown(ipv6)) +
    line("08.000000", shown(ipv6)) +
    line("09.000000", `Deleted ${shown(ipv6)}`);
  expect(absences(log, ipv6)).toEqual([2250, Infinity]);
});

const logFile = "/run/address-changes";

/** Records from now on when the kernel removes and adds an address of a NIC. */
async function watchAddress(
  machine: Pick<Machine, "run" | "read">,
  nic: string,
  address: string,
): Promise<{ readonly missingMs: () => Promise<readonly number[]> }> {
  const script = `ip -ts monitor address dev "$1" >${logFile} 2>&1 </dev/null & sleep 0.2`;
  await machine.run(["sh", "-c", script, "sh", nic]);
  return { missingMs: async () => absences(await machine.read(logFile), address) };
}

/**
 * How long an address was not usable, each time in milliseconds: from its removal until the end of
 * duplicate detection. `output`: lines of `ip -ts monitor address`,
 * `[2026-11-21T15:49:16.525074] Deleted 3: ens6    inet6 2001:db8::10/128 scope global dynamic`.
 */
function absences(output: string, address: string): readonly number[] {
  const changes = output.split("\n").flatMap((line) => {
    const [, time, rest] = /^\[([\d.T:-]+)\] (.*)$/.exec(line) ?? [];
    if (time === undefined || rest?.includes(` ${address}/`) !== true) return [];
    const isThere = !rest.startsWith("Deleted") && !rest.includes(" tentative");
    return [{ atMs: Date.parse(`${time.slice(0, 23)}Z`), isThere }];
  });
  return changes.flatMap(({ atMs, isThere }, at) => {
    const isStart = !isThere && changes[at - 1]?.isThere !== false;
    if (!isStart) return [];
    const back = changes.slice(at).find((each) => each.isThere);
    return [(back?.atMs ?? Infinity) - atMs];
  });
}
