import { median } from "../../../test/kit/basics/median.ts";
import { primary } from "../measure/enis.ts";
import { guestClock } from "../measure/guest-clock.ts";
import { readyPeer } from "../peers/ready-peer.ts";
import type { Scenario } from "../scenario.ts";

const rounds = 5;
const program = ["python3", "-c", "import json, socket, urllib.request"];

/** By which all other times can be judged: an emulated processor is slow, and shares this machine. */
export const pace: Scenario = {
  name: "pace",
  title: "how slow a guest is: a small Python program there, and on this machine; medians",
  heads: ["guest", "machine", "times slower"],
  run: async (peer) => {
    await using vm = await readyPeer(peer, { enis: [primary] });
    const clock = await guestClock(vm);
    const timeOf = async (run: () => Promise<unknown>): Promise<number> => {
      const times: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const startS = clock(performance.now());
        await run();
        times.push(clock(performance.now()) - startS);
      }
      return median(times);
    };
    const there = await timeOf(() => vm.run(program, { timeoutMs: 60_000 }));
    const here = await timeOf(() => Bun.spawn(program).exited);
    return { figures: [there, here, there / here], words: [] };
  },
};
