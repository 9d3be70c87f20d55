import { expect, setDefaultTimeout } from "bun:test";
import type { EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import { allOfTrixie, guestsOf } from "../kit/vm/guests.ts";
import { installedVm } from "../kit/vm/scenario/installed-vm.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import { attachAndWait } from "../kit/vm/scenario/attach-and-wait.ts";
import { readRoutingState, untilRoutingState } from "../kit/vm/scenario/routing-state.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import { unexpectedFailures } from "../kit/machine/checks/unexpected-failures.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(vmLimitMs);

/** IMDS lists these ENIs late, and their IPv6 addresses even later. */
const three: readonly EniSpec[] = [1, 2, 3].map((device) => ({
  device,
  dualStack: true,
  late: {
    ".": 2000,
    ipv6s: 6000,
    "subnet-ipv6-cidr-blocks": 6000,
    "vpc-ipv6-cidr-blocks": 6000,
  },
}));

for (const { suite, backend } of guestsOf(allOfTrixie)) {
  testUnless(vmTestsMissing(suite))(
    `${suite}, ${backend}: three NICs at once with late metadata are configured, and a boot configures the four the same`,
    async () => {
      await using vm = await installedVm({ suite, backend });
      await attachAndWait(vm, three);
      const { rows, unexpected } = await unexpectedFailures({ ...vm, machine: vm });
      console.log(suite, backend, rows, "rows of the packet table");
      expect(unexpected).toEqual([]);
      const state = await readRoutingState(vm);

      await vm.reboot();
      await untilIdle(vm);
      await untilAddresses(
        vm,
        vm.vpc.enis().flatMap(({ ipv4, ipv6 }) => [...ipv4, ...ipv6]),
      );
      await untilRoutingState(vm, "a boot with four NICs gives the same state", state);
      expect(await vm.failedUnits()).toEqual([]);
    },
  );
}
