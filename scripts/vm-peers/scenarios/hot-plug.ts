import type { EniSpec } from "../../simulator/scenario/eni-spec.ts";
import { expectedOwn } from "../../bench/hot-plug/expected-addresses.ts";
import { allAnsweredSince, answeredSince, firstAnswer, unanswered } from "../measure/echoes.ts";
import { ownAddresses, primary, second } from "../measure/enis.ts";
import { failures } from "../measure/failures.ts";
import { guestClock } from "../measure/guest-clock.ts";
import { imdsRequests } from "../measure/imds-requests.ts";
import { explainMissing } from "../measure/explain-missing.ts";
import { readyPeer } from "../peers/ready-peer.ts";
import type { Scenario } from "../scenario.ts";
import { echoesOf, primaryLostS, sendEchoes } from "../measure/watch-echoes.ts";

const lateMs = 4000;
const late: EniSpec["late"] = {
  ipv6s: lateMs,
  "subnet-ipv6-cidr-blocks": lateMs,
  "vpc-ipv6-cidr-blocks": lateMs,
};
const watchedMs = 60_000;

export const hotPlug: Scenario = {
  name: "hot-plug",
  title: "a NIC with two IPv4 is plugged in, its IPv6 listed 4 s later; since device_add, for 60 s",
  headings: ["first answer", "all answered", "primary lost", "requests"],
  run: async (peer) => {
    await using vm = await readyPeer(peer, { enis: [primary] });
    const addresses = ownAddresses(second);
    await sendEchoes(vm, [...ownAddresses(primary), ...addresses]);
    const clock = await guestClock(vm);
    await vm.attach({ ...second, late });
    const startS = clock(performance.now());
    await Bun.sleep(watchedMs);
    const echoes = await echoesOf(vm, startS);
    const missing = unanswered(echoes, addresses);
    const since = (atS: number | null): number | null => (atS === null ? null : atS - startS);
    const times = expectedOwn(addresses).map(({ label, address }) => {
      const atS = since(answeredSince(echoes, address));
      return `${label} ${atS === null ? "never" : atS.toFixed(1)}`;
    });
    return {
      figures: [
        since(firstAnswer(echoes, addresses)),
        since(allAnsweredSince(echoes, addresses)),
        primaryLostS(echoes),
        (await imdsRequests(vm, startS)).length,
      ],
      remarks: [
        times.join(", "),
        ...(await explainMissing(vm, addresses, { missing, startS })),
        ...(await failures(vm, peer)),
      ],
    };
  },
};
