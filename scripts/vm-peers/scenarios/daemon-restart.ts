import type { Vm } from "../../../test/kit/vm/vm.ts";
import { darkS } from "../measure/unreachable.ts";
import { allAnsweredSince } from "../measure/echoes.ts";
import { primary, second } from "../measure/enis.ts";
import { failures } from "../measure/failures.ts";
import { guestNow } from "../measure/guest-clock.ts";
import { addressesOf, readyPeer } from "../peers/ready-peer.ts";
import type { Scenario } from "../scenario.ts";
import { echoesOf } from "../measure/watch-echoes.ts";

const lookS = 30;

export const daemonRestart: Scenario = {
  name: "daemon-restart",
  title: "systemctl restart systemd-networkd, with two NICs; since its start, for 30 s",
  heads: ["rules, routes back", "looks that differ", "all answered", "primary dark"],
  run: async (peer) => {
    await using vm = await readyPeer(peer, { enis: [primary, second] });
    const { lines: before } = await look(vm);
    const startS = await guestNow(vm);
    const looks: Look[] = [];
    const restarted = vm.run(["systemctl", "restart", "systemd-networkd"], { timeoutMs: 60_000 });
    while ((looks.at(-1)?.atS ?? startS) < startS + lookS) looks.push(await look(vm));
    await restarted;
    const differs = looks.filter(({ lines }) => !Bun.deepEquals(lines, before));
    const lastOther = looks.findLastIndex(({ lines }) => !Bun.deepEquals(lines, before));
    const back = lastOther === -1 ? startS : (looks[lastOther + 1]?.atS ?? null);
    const echoes = await echoesOf(vm, startS);
    const answeredS = allAnsweredSince(echoes, addressesOf(vm));
    return {
      figures: [
        back === null ? null : back - startS,
        differs.length,
        answeredS === null ? null : answeredS - startS,
        darkS(echoes),
      ],
      words: [...differenceOf(before, looks), ...(await failures(vm, peer))],
    };
  },
};

/** Rules, and routes of all tables but the kernel's own of addresses; what only counts down is left out. */
const state = `
cut -d' ' -f1 /proc/uptime
{ ip -4 rule; ip -6 rule; ip -4 route show table all; ip -6 route show table all; } |
  grep -v 'table local' | sed -E 's/ nhid [0-9]+//; s/ expires [0-9]+sec//'
`;

interface Look {
  readonly atS: number;
  readonly lines: readonly string[];
}

async function look(vm: Vm): Promise<Look> {
  const [atS, ...lines] = (await vm.run(["sh", "-c", state])).split("\n");
  return { atS: Number(atS), lines: lines.map((line) => line.trim()).toSorted() };
}

/** Each line that was missing or new for a while, and whether it still is. */
function differenceOf(before: readonly string[], looks: readonly Look[]): readonly string[] {
  const last = looks.at(-1)?.lines ?? before;
  const seen = [...new Set(looks.flatMap(({ lines }) => lines))];
  const lost = before.filter((line) => looks.some(({ lines }) => !lines.includes(line)));
  const fresh = seen.filter((line) => !before.includes(line));
  return [
    ...lost.map((line) => `${last.includes(line) ? "missing for a while" : "missing"}: ${line}`),
    ...fresh.map((line) => `${last.includes(line) ? "new" : "new for a while"}: ${line}`),
  ];
}
