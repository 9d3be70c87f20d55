import { allAnsweredSince, unanswered } from "../measure/echoes.ts";
import { ownAddresses, primary, second } from "../measure/enis.ts";
import { failures } from "../measure/failures.ts";
import { guestNow } from "../measure/guest-clock.ts";
import { imdsRequests } from "../measure/imds-requests.ts";
import { explainMissing } from "../measure/explain-missing.ts";
import { readyPeer } from "../peers/ready-peer.ts";
import type { Scenario } from "../scenario.ts";
import { echoesOf, primaryLostS } from "../measure/watch-echoes.ts";

const watchedMs = 60_000;
const reload = ["sh", "-c", "modprobe -r virtio_net && modprobe virtio_net"];

export const driverReload: Scenario = {
  name: "driver-reload",
  title: "modprobe -r virtio_net && modprobe virtio_net, two NICs; since its start, for 60 s",
  headings: ["primary answered", "all answered", "primary lost", "requests"],
  run: async (peer) => {
    await using vm = await readyPeer(peer, { enis: [primary, second] });
    const startS = await guestNow(vm);
    await vm.run(reload, { timeoutMs: 60_000 });
    await Bun.sleep(watchedMs);
    const echoes = await echoesOf(vm, startS);
    const [ofPrimary, ofSecond] = [ownAddresses(primary), ownAddresses(second)];
    const missing = unanswered(echoes, [...ofPrimary, ...ofSecond]);
    const missingOfPrimary = ofPrimary.filter((address) => missing.includes(address));
    const since = (addresses: readonly string[]): number | null => {
      const atS = allAnsweredSince(echoes, addresses);
      return atS === null ? null : atS - startS;
    };
    return {
      figures: [
        since(ofPrimary),
        since([...ofPrimary, ...ofSecond]),
        primaryLostS(echoes),
        (await imdsRequests(vm, startS)).length,
      ],
      remarks: [
        ...missingOfPrimary.map((address) => `primary's ${address}: no answer`),
        ...(await explainMissing(vm, ofSecond, { missing, startS })),
        ...(await failures(vm, peer)),
      ],
    };
  },
};
