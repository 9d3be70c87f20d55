import { type EniSpec } from "../../simulator/scenario/eni-spec.ts";
import { unitSeconds } from "../../../test/kit/vm/scenario/unit-seconds.ts";
import type { Vm } from "../../../test/kit/vm/vm.ts";
import { settledFailures } from "../../../test/kit/machine/checks/settled-table.ts";
import { allAnsweredSince } from "../measure/echoes.ts";
import { ownAddresses, primary, second } from "../measure/enis.ts";
import { failures } from "../measure/failures.ts";
import { imdsRequests } from "../measure/imds-requests.ts";
import type { Peer } from "../peers/peer.ts";
import { addressesOf, readyPeer, untilAnswered } from "../peers/ready-peer.ts";
import type { Outcome, Scenario } from "../scenario.ts";
import { untilPeerIdle } from "../peers/until-peer-idle.ts";
import { echoesOf } from "../measure/watch-echoes.ts";

const heads = ["multi-user", "its work done", "primary answered", "all answered", "requests"];

export const bootWithOne: Scenario = {
  name: "boot-one",
  title: "a boot with one NIC, which an earlier boot had configured; since the kernel's start",
  heads,
  run: (peer) => bootAgain(peer, [primary]),
};

export const bootWithTwo: Scenario = {
  name: "boot-two",
  title: "the same with two NICs; then packets of each address with each host, both ways",
  heads,
  run: (peer) => bootAgain(peer, [primary, second]),
};

async function bootAgain(peer: Peer, enis: readonly EniSpec[]): Promise<Outcome> {
  await using vm = await readyPeer(peer, { enis });
  const words = await rebootAnyhow(vm);
  const addresses = addressesOf(vm);
  const missing = await untilAnswered(vm, addresses, { sinceS: 0, limitS: 60 });
  await untilPeerIdle(vm, peer);
  const requests = (await imdsRequests(vm, 0)).length;
  const echoes = await echoesOf(vm);
  const failed = await failedPackets(vm);
  return {
    figures: [
      await unitSeconds(vm, "multi-user.target", "ActiveEnter"),
      await workDone(vm, peer),
      allAnsweredSince(echoes, ownAddresses(primary)),
      allAnsweredSince(echoes, addresses),
      requests,
    ],
    words: [
      ...words,
      ...missing.map((address) => `${address}: no answer`),
      ...failed,
      ...(await failures(vm, peer)),
    ],
  };
}

/** A boot that does not come to its end is one, too: what was said of it. */
export async function rebootAnyhow(vm: Vm): Promise<readonly string[]> {
  return vm.reboot().then(
    () => [],
    (error: unknown) => [`the boot did not end: ${firstLineOf(error)}`],
  );
}

function firstLineOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const said = cause instanceof Error ? cause.message : String(cause);
  return said.split("\n")[0] ?? "";
}

/** When the last of its services of a boot had ended; null: not all have. */
export async function workDone(
  vm: Vm,
  { bootServices }: Peer,
  nics = vm.vpc.enis().map(({ nic }) => nic),
): Promise<number | null> {
  const ends = await Promise.all(
    bootServices(nics).map((service) => unitSeconds(vm, service, "ExecMainExit")),
  );
  return ends.includes(null) ? null : Math.max(...ends.map(Number));
}

/** See activate.test.ts of the machines: the one thing that is as it is, for everybody. */
const isKnown = (row: string): boolean => /^ens5 .* neighbour in 10\.0\.1\.0/.test(row);

async function failedPackets(vm: Vm): Promise<readonly string[]> {
  const { rows, failed } = await settledFailures({ ...vm, machine: vm }, isKnown);
  const unknown = failed.filter((row) => !isKnown(row));
  return unknown.length === 0
    ? []
    : [`${unknown.length} of ${rows} packets not answered`, ...unknown.slice(0, 3)];
}
