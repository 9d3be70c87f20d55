import { eni } from "../../simulator/scenario/eni-spec.ts";
import { unitSeconds } from "../../../test/kit/vm/scenario/unit-seconds.ts";
import { wireName } from "../../../test/kit/machine/vpc/vpc-wire.ts";
import { servicesDone, tryReboot } from "./boot.ts";
import { allAnsweredSince } from "../measure/echoes.ts";
import { ownAddresses, primary, second } from "../measure/enis.ts";
import { failures } from "../measure/failures.ts";
import { guestNow } from "../measure/guest-clock.ts";
import { imdsRequests } from "../measure/imds-requests.ts";
import { readyPeer } from "../peers/ready-peer.ts";
import type { Scenario } from "../scenario.ts";
import { echoesOf } from "../measure/watch-echoes.ts";

const limitS = 300;

/** The second NIC, ens6, comes first by name, and is connected to nothing. The primary is ens9. */
export const deadNic: Scenario = {
  name: "dead-nic",
  title: "a boot whose first NIC by name reaches nothing; since the kernel's start, for 300 s",
  headings: ["multi-user", "IMDS reached", "primary answered", "services done"],
  run: async (peer) => {
    const slots = { [eni(primary).mac]: 9 };
    await using vm = await readyPeer(peer, { enis: [primary, second], slots });
    await vm.sandbox.run(["ip", "link", "set", wireName(eni(second).mac), "nomaster"]);
    const bootFailure = await tryReboot(vm);
    for (;;) {
      const figures = [
        await unitSeconds(vm, "multi-user.target", "ActiveEnter"),
        (await imdsRequests(vm, 0)).find(({ status }) => status === 200)?.atS ?? null,
        allAnsweredSince(await echoesOf(vm), ownAddresses(primary)),
        await servicesDone(vm, peer, ["ens9"]),
      ];
      if (!figures.includes(null) || (await guestNow(vm)) > limitS)
        return { figures, remarks: [...bootFailure, ...(await failures(vm, peer))] };
      await Bun.sleep(2000);
    }
  },
};
