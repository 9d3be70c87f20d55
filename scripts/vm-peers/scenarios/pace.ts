import { median } from "../../shared/median.ts";
import { primary } from "../measure/enis.ts";
import { guestClock } from "../measure/guest-clock.ts";
import { readyPeer } from "../peers/ready-peer.ts";
import type { Scenario } from "../scenario.ts";

const rounds = 5;
const program = ["python3", "-c", "import json, socket, urllib.request"];

/** Measures how slow the emulated processor is, with which all other times can be judged. */
export const pace: Scenario = {
  name: "pace",
  title: "the times of a small Python program in a guest and on this machine; medians",
  headings: ["guest", "machine", "times slower"],
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
    const guestS = await timeOf(() => vm.run(program, { timeoutMs: 60_000 }));
    const machineS = await timeOf(() => Bun.spawn(program).exited);
    return { figures: [guestS, machineS, guestS / machineS], remarks: [] };
  },
};
