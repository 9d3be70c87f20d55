import { eni } from "../../simulator/scenario/eni-spec.ts";
import type { Vm } from "../../../test/kit/vm/vm.ts";
import { darkS } from "../measure/unreachable.ts";
import { primary, second } from "../measure/enis.ts";
import { failures } from "../measure/failures.ts";
import { guestNow } from "../measure/guest-clock.ts";
import { readyPeer } from "../peers/ready-peer.ts";
import type { Scenario } from "../scenario.ts";
import { echoesOf } from "../measure/watch-echoes.ts";

const kinds = ["rules", "routes", "files", "units"] as const;
type Left = Readonly<Record<(typeof kinds)[number], readonly string[]>>;

const firstLookMs = 20_000;
const secondLookMs = 60_000;

export const detach: Scenario = {
  name: "detach",
  title: "the second NIC is detached, IMDS lists it 5 s longer; what is left of it after 20 s",
  heads: [...kinds, "primary dark"],
  run: async (peer) => {
    await using vm = await readyPeer(peer, { enis: [primary, second] });
    const startS = await guestNow(vm);
    const startMs = performance.now();
    await vm.detach(eni(second).mac, { lingerMs: 5000 });
    await Bun.sleep(startMs + firstLookMs - performance.now());
    const left = await leftOf(vm);
    const echoes = await echoesOf(vm, startS);
    return {
      figures: [...kinds.map((kind) => left[kind].length), darkS(echoes)],
      words: [
        ...kinds.flatMap((kind) => left[kind]),
        ...(isNothing(left) ? [] : await later(vm, startMs)),
        ...(await failures(vm, peer)),
      ],
    };
  },
};

function isNothing(left: Left): boolean {
  return kinds.every((kind) => left[kind].length === 0);
}

async function later(vm: Vm, startMs: number): Promise<readonly string[]> {
  await Bun.sleep(Math.max(0, startMs + secondLookMs - performance.now()));
  const left = await leftOf(vm);
  if (isNothing(left)) return ["after 60 s: nothing"];
  return [`after 60 s: ${kinds.map((kind) => `${left[kind].length} ${kind}`).join(", ")}`];
}

/** By its name, its MAC, its addresses, and what its addresses begin with. */
const traces = `(ens6|${eni(second).mac}|10\\.0\\.1\\.|2600:1f14:ec2:101:)`;

const scripts: Readonly<Record<keyof Left, string>> = {
  rules: `{ ip -4 rule; ip -6 rule; } | grep -E '${traces}'`,
  routes: `{ ip -4 route show table all; ip -6 route show table all; } | grep -E '${traces}'`,
  // not networkd's own notes of leases
  files: `cd / && grep -rlsiE '${traces}' etc/netplan etc/systemd etc/NetworkManager run/systemd/network run/NetworkManager; find etc run/systemd/network -name '*ens6*' -o -name '*06ec2a000001*'`,
  units:
    "systemctl list-units --all --plain --no-legend '*ens6*' | grep -v '\\.device' | cut -d' ' -f1",
};

async function leftOf(vm: Vm): Promise<Left> {
  const lines = async (kind: keyof Left): Promise<readonly string[]> => {
    const { stdout } = await vm.exec(["sh", "-c", scripts[kind]]);
    return [...new Set(stdout.split("\n").flatMap((line) => line.trim() || []))];
  };
  const [rules = [], routes = [], files = [], units = []] = await Promise.all(kinds.map(lines));
  return { rules, routes, files, units };
}
