import { expect, setDefaultTimeout } from "bun:test";
import { eni, type EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import { bootTimes, isBootFirst } from "../kit/vm/scenario/boot-times.ts";
import { bootVm } from "../kit/vm/boot-vm.ts";
import { guestsOf } from "../kit/vm/guests.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import { readRoutingState, untilRoutingState } from "../kit/vm/scenario/routing-state.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { wireName } from "../kit/machine/vpc/vpc-wire.ts";
import { until } from "../kit/basics/until.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(vmLimitMs);

/** The primary, ens9, is the last NIC by name; the second NIC is ens6. */
const primary: EniSpec = { device: 0 };
const second: EniSpec = { device: 1 };
const slots = { [eni(primary).mac]: 9 };

const guests = guestsOf([
  { suite: "trixie", backend: "networkd" },
  { suite: "trixie", backend: "netplan" },
  { suite: "bookworm", backend: "network-manager" },
]);

for (const { suite, backend } of guests) {
  testUnless(vmTestsMissing(suite))(
    `${suite}, ${backend}: a boot is not delayed, and the primary is configured, where the first NIC by name is dead and IMDS does not answer for 20 s`,
    async () => {
      await using vm = await bootVm({ suite, backend, enis: [primary, second], slots });
      const wire = wireName(eni(second).mac);
      await vm.run(["ec2nic", "hotplug", "--install"]);
      await vm.sandbox.run(["ip", "link", "set", wire, "nomaster"]);
      await vm.vpc.simulator.order("fault", { fault: { kind: "hang" }, forMs: 3_600_000 });
      const answering = answerAfter(vm.vpc.simulator, 20_000);
      await vm.reboot();
      const times = await bootTimes(vm);
      await answering;
      await untilIdle(vm);
      console.log(suite, backend, "first NIC dead, IMDS does not answer", JSON.stringify(times));
      expect(isBootFirst(times)).toBe(true);
      expect(await vm.run(["ec2nic", "fetch", "instance-id"])).toContain("i-0ec2");
      const files = (await readRoutingState(vm)).join("\n");
      expect(files).toMatch(/06-?ec-?2a-?00-?00-?00/);
      expect(await vm.run(["ip", "-4", "route", "get", "169.254.169.254"])).toContain("ens9");

      await vm.sandbox.run([
        "sh",
        "-c",
        `ip link set ${wire} master ${vm.vpc.eni(eni(second).mac).subnet.bridge}; bridge link set dev ${wire} isolated on; bridge fdb replace ${eni(second).mac} dev ${wire} master static`,
      ]);
      await vm.reset();
      await untilIdle(vm);
      await untilAddresses(vm, ["10.0.0.10", "10.0.1.10"]);
      const state = await readRoutingState(vm);
      const own = /^3801:\s+from 10\.0\.1\.10 lookup 10001(?: proto \w+)?$/;
      expect(state.filter((line) => own.test(line))).toHaveLength(1);
      const ofPrimary = state.filter((line) => /from 10\.0\.0\.10 .*lookup 10000/.test(line));
      expect(ofPrimary).toHaveLength(1);
      await untilRoutingState(vm, "the state does not change", state);
      expect(await vm.failedUnits()).toEqual([]);
    },
  );
}

/** Ends the fault of the metadata service `ms` after its first request. */
async function answerAfter(
  {
    order,
    look,
  }: {
    order: (name: string, body?: unknown) => Promise<unknown>;
    look: (name: string) => Promise<unknown>;
  },
  ms: number,
): Promise<void> {
  await order("clear-requests");
  const isAsked = async (): Promise<boolean> => {
    const requests = await look("requests");
    return Array.isArray(requests) && requests.length > 0;
  };
  await until("a request to IMDS", isAsked, 1_200_000);
  await Bun.sleep(ms);
  await order("clear-faults");
}
