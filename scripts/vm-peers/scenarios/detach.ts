import { eni } from "../../simulator/scenario/eni-spec.ts";
import type { Vm } from "../../../test/kit/vm/vm.ts";

import { primary, second } from "../measure/enis.ts";
import { failures } from "../measure/failures.ts";
import { guestNow } from "../measure/guest-clock.ts";
import { readyPeer } from "../peers/ready-peer.ts";
import type { Scenario } from "../scenario.ts";
import { echoesOf, primaryLostS } from "../measure/watch-echoes.ts";

const kinds = ["rules", "routes", "files", "units"] as const;
type Leftovers = Readonly<Record<(typeof kinds)[number], readonly string[]>>;

const firstCheckMs = 20_000;
const secondCheckMs = 60_000;

export const detach: Scenario = {
  name: "detach",
  title: "the second NIC is detached, IMDS lists it 5 s longer; what is left of it after 20 s",
  headings: [...kinds, "primary lost"],
  run: async (peer) => {
    await using vm = await readyPeer(peer, { enis: [primary, second] });
    const startS = await guestNow(vm);
    const startMs = performance.now();
    await vm.detach(eni(second).mac, { lingerMs: 5000 });
    await Bun.sleep(startMs + firstCheckMs - performance.now());
    const leftovers = await findLeftovers(vm);
    const echoes = await echoesOf(vm, startS);
    return {
      figures: [...kinds.map((kind) => leftovers[kind].length), primaryLostS(echoes)],
      remarks: [
        ...kinds.flatMap((kind) => leftovers[kind]),
        ...(isEmpty(leftovers) ? [] : await checkLater(vm, startMs)),
        ...(await failures(vm, peer)),
      ],
    };
  },
};

function isEmpty(leftovers: Leftovers): boolean {
  return kinds.every((kind) => leftovers[kind].length === 0);
}

async function checkLater(vm: Vm, startMs: number): Promise<readonly string[]> {
  await Bun.sleep(Math.max(0, startMs + secondCheckMs - performance.now()));
  const leftovers = await findLeftovers(vm);
  if (isEmpty(leftovers)) return ["after 60 s: nothing"];
  return [`after 60 s: ${kinds.map((kind) => `${leftovers[kind].length} ${kind}`).join(", ")}`];
}

/** The NIC's name, its MAC, and what its addresses begin with. */
const traces = `(ens6|${eni(second).mac}|10\\.0\\.1\\.|2600:1f14:ec2:101:)`;

const scripts: Readonly<Record<keyof Leftovers, string>> = {
  rules: `{ ip -4 rule; ip -6 rule; } | grep -E '${traces}'`,
  routes: `{ ip -4 route show table all; ip -6 route show table all; } | grep -E '${traces}'`,
  // without the leases that networkd keeps in /run/systemd/netif
  files: `cd / && grep -rlsiE '${traces}' etc/netplan etc/systemd etc/NetworkManager run/systemd/network run/NetworkManager; find etc run/systemd/network -name '*ens6*' -o -name '*06ec2a000001*'`,
  units:
    "systemctl list-units --all --plain --no-legend '*ens6*' | grep -v '\\.device' | cut -d' ' -f1",
};

async function findLeftovers(vm: Vm): Promise<Leftovers> {
  const lines = async (kind: keyof Leftovers): Promise<readonly string[]> => {
    const { stdout } = await vm.exec(["sh", "-c", scripts[kind]]);
    return [...new Set(stdout.split("\n").flatMap((line) => line.trim() || []))];
  };
  const [rules = [], routes = [], files = [], units = []] = await Promise.all(kinds.map(lines));
  return { rules, routes, files, units };
}
