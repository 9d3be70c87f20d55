import { type EniSpec } from "../../simulator/scenario/eni-spec.ts";
import { unitSeconds } from "../../../test/kit/vm/scenario/unit-seconds.ts";
import type { Vm } from "../../../test/kit/vm/vm.ts";
import { unexpectedFailures } from "../../../test/kit/machine/checks/unexpected-failures.ts";
import { allAnsweredSince } from "../measure/echoes.ts";
import { ownAddresses, primary, second } from "../measure/enis.ts";
import { failures } from "../measure/failures.ts";
import { imdsRequests } from "../measure/imds-requests.ts";
import type { Peer } from "../peers/peer.ts";
import { addressesOf, readyPeer, untilAnswered } from "../peers/ready-peer.ts";
import type { Outcome, Scenario } from "../scenario.ts";
import { untilPeerIdle } from "../peers/until-peer-idle.ts";
import { echoesOf } from "../measure/watch-echoes.ts";

const headings = ["multi-user", "services done", "primary answered", "all answered", "requests"];

export const bootWithOne: Scenario = {
  name: "boot-one",
  title: "a boot with one NIC, which an earlier boot has configured; since the kernel's start",
  headings,
  run: (peer) => bootAgain(peer, [primary]),
};

export const bootWithTwo: Scenario = {
  name: "boot-two",
  title: "the same with two NICs; then packets between each address and each host, both ways",
  headings,
  run: (peer) => bootAgain(peer, [primary, second]),
};

async function bootAgain(peer: Peer, enis: readonly EniSpec[]): Promise<Outcome> {
  await using vm = await readyPeer(peer, { enis });
  const bootFailure = await tryReboot(vm);
  const addresses = addressesOf(vm);
  const missing = await untilAnswered(vm, addresses, { sinceS: 0, limitS: 60 });
  await untilPeerIdle(vm, peer);
  const requests = (await imdsRequests(vm, 0)).length;
  const echoes = await echoesOf(vm);
  const failed = await failedPackets(vm);
  return {
    figures: [
      await unitSeconds(vm, "multi-user.target", "ActiveEnter"),
      await servicesDone(vm, peer),
      allAnsweredSince(echoes, ownAddresses(primary)),
      allAnsweredSince(echoes, addresses),
      requests,
    ],
    remarks: [
      ...bootFailure,
      ...missing.map((address) => `${address}: no answer`),
      ...failed,
      ...(await failures(vm, peer)),
    ],
  };
}

/** Reboots. A boot that does not end is a result too: returns a remark about it. */
export async function tryReboot(vm: Vm): Promise<readonly string[]> {
  return vm.reboot().then(
    () => [],
    (error: unknown) => [`the boot did not end: ${firstLineOf(error)}`],
  );
}

function firstLineOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.split("\n")[0] ?? "";
}

/** When the last of the program's services of a boot ended; null: not all have ended. */
export async function servicesDone(
  vm: Vm,
  { bootServices }: Peer,
  nics = vm.vpc.enis().map(({ nic }) => nic),
): Promise<number | null> {
  const ends = await Promise.all(
    bootServices(nics).map((service) => unitSeconds(vm, service, "ExecMainExit")),
  );
  return ends.includes(null) ? null : Math.max(...ends.map(Number));
}

async function failedPackets(vm: Vm): Promise<readonly string[]> {
  const { rows, unexpected } = await unexpectedFailures({ ...vm, machine: vm });
  return unexpected.length === 0
    ? []
    : [`${unexpected.length} of ${rows} packets not answered`, ...unexpected.slice(0, 3)];
}
