import type { Vm } from "../../../test/kit/vm/vm.ts";

import { allAnsweredSince } from "../measure/echoes.ts";
import { primary, second } from "../measure/enis.ts";
import { failures } from "../measure/failures.ts";
import { guestNow } from "../measure/guest-clock.ts";
import { addressesOf, readyPeer } from "../peers/ready-peer.ts";
import type { Scenario } from "../scenario.ts";
import { echoesOf, primaryLostS } from "../measure/watch-echoes.ts";

const watchedS = 30;

export const daemonRestart: Scenario = {
  name: "daemon-restart",
  title: "systemctl restart systemd-networkd, with two NICs; since its start, for 30 s",
  headings: ["rules, routes back", "samples differing", "all answered", "primary lost"],
  run: async (peer) => {
    await using vm = await readyPeer(peer, { enis: [primary, second] });
    const { lines: before } = await takeSample(vm);
    const startS = await guestNow(vm);
    const samples: Sample[] = [];
    const restarted = vm.run(["systemctl", "restart", "systemd-networkd"], { timeoutMs: 60_000 });
    while ((samples.at(-1)?.atS ?? startS) < startS + watchedS) samples.push(await takeSample(vm));
    await restarted;
    const differing = samples.filter(({ lines }) => !Bun.deepEquals(lines, before));
    const lastDiffering = samples.findLastIndex(({ lines }) => !Bun.deepEquals(lines, before));
    const back = lastDiffering === -1 ? startS : (samples[lastDiffering + 1]?.atS ?? null);
    const echoes = await echoesOf(vm, startS);
    const answeredS = allAnsweredSince(echoes, addressesOf(vm));
    return {
      figures: [
        back === null ? null : back - startS,
        differing.length,
        answeredS === null ? null : answeredS - startS,
        primaryLostS(echoes),
      ],
      remarks: [...differences(before, samples), ...(await failures(vm, peer))],
    };
  },
};

/** Prints the rules, and the routes of all tables except `local`, without lifetimes, which count down. */
const state = `
cut -d' ' -f1 /proc/uptime
{ ip -4 rule; ip -6 rule; ip -4 route show table all; ip -6 route show table all; } |
  grep -v 'table local' | sed -E 's/ nhid [0-9]+//; s/ expires [0-9]+sec//'
`;

interface Sample {
  /** In seconds of the guest's clock. */
  readonly atS: number;
  readonly lines: readonly string[];
}

async function takeSample(vm: Vm): Promise<Sample> {
  const [atS, ...lines] = (await vm.run(["sh", "-c", state])).split("\n");
  return { atS: Number(atS), lines: lines.map((line) => line.trim()).toSorted() };
}

/** Each line that was missing or new in a sample, and whether it is so in the last one. */
function differences(before: readonly string[], samples: readonly Sample[]): readonly string[] {
  const last = samples.at(-1)?.lines ?? before;
  const seen = [...new Set(samples.flatMap(({ lines }) => lines))];
  const missing = before.filter((line) => samples.some(({ lines }) => !lines.includes(line)));
  const added = seen.filter((line) => !before.includes(line));
  return [
    ...missing.map((line) => `${last.includes(line) ? "missing for a while" : "missing"}: ${line}`),
    ...added.map((line) => `${last.includes(line) ? "new" : "new for a while"}: ${line}`),
  ];
}
