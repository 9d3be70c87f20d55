import { expect, setDefaultTimeout } from "bun:test";
import { createRandom } from "../../kit/basics/random.ts";
import { fakeBus, slotOf } from "../../kit/machine/vpc/fake-bus.ts";
import { modestImages as images } from "../../kit/machine/images.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { expectNothingToDo } from "../../kit/machine/checks/nothing-to-do.ts";
import { pingThrough } from "../../kit/machine/checks/ping-through.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { seededRuns } from "../../kit/basics/seed.ts";
import {
  expectedManagedState,
  readManagedState,
} from "../../kit/machine/sequences/managed-state.ts";
import {
  playActions,
  type EventRun,
  removeArgv,
  type PlayTarget,
  detachNic,
} from "../../kit/machine/sequences/play.ts";
import { type Attached, randomSequence } from "../../kit/machine/sequences/sequence.ts";

/**
 * The number of random sequences: `SEQUENCES=200` for more. A failure prints the seed of its sequence:
 * `EC2NIC_SEED=N SEQUENCES=1 -t BACKEND` runs that one.
 */
const sequences = Number(process.env["SEQUENCES"] ?? "6");
const perBackend = Math.ceil(sequences / Object.keys(images).length);
setDefaultTimeout(600_000 + perBackend * 600_000);
const testMachine = machineTest();

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: after random hot-plug events the configuration is that of IMDS`,
    async () => {
      const { seed } = seededRuns(perBackend);
      const primary = { device: 0, vpcCidrs: ["10.0.0.0/16", "10.1.0.0/16"] };
      await using instance = await startInstance({ enis: [primary], ...image });
      const { machine } = instance;
      const target = { instance, bus: await fakeBus(machine) };
      await target.bus.plug(slotOf("ens5"), "ens5");
      await untilAddresses(machine, ["10.0.0.10"]);
      await machine.run(["ec2nic", "activate"]);
      const startMs = performance.now();
      const counts = { runs: 0, killed: 0, actions: 0 };
      for (let at = 0; at < perBackend; at += 1) {
        const { actions, attached } = randomSequence(createRandom(seed + at), at);
        const replay = `EC2NIC_SEED=${seed + at} SEQUENCES=1 -t ${backend}`;
        const runs = await withReplay({ replay, actions }, () =>
          oneSequence(target, actions, attached),
        );
        counts.actions += actions.length;
        counts.runs += runs.length;
        counts.killed += runs.filter(({ code }) => code === 137).length;
      }
      const seconds = Math.round((performance.now() - startMs) / 1000);
      console.log(
        backend,
        `EC2NIC_SEED=${seed}`,
        JSON.stringify({ perBackend, seconds, ...counts }),
      );
    },
  );
}

/** Prints the seed and the actions of a sequence that fails. */
async function withReplay<T>(sequence: object, work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    console.log(JSON.stringify(sequence));
    throw error;
  });
}

async function oneSequence(
  target: PlayTarget,
  actions: Parameters<typeof playActions>[1],
  attached: Attached,
): Promise<readonly EventRun[]> {
  const { machine } = target.instance;
  const ping = await pingThrough(target.instance, { address: "10.0.0.10" });
  const runs = await playActions(target, actions);
  const failed = runs.filter(({ code, killAfterMs }) => {
    return code !== 0 && !(code === 137 && killAfterMs !== null);
  });
  expect(failed).toEqual([]);
  await Bun.sleep(latenessOf(attached)); // sync cannot know what IMDS does not list yet
  await expectConfigured(target, attached);
  for (const spec of Object.values(attached)) await detachNic(target, spec, 0);
  const { code, stderr } = await machine.exec(removeArgv);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  expect(await readManagedState(machine)).toEqual(expectedManagedState({}));
  expect((await ping.stop()).lostNumbers).toEqual([]);
  return runs;
}

function latenessOf(attached: Attached): number {
  const lates = Object.values(attached).flatMap(({ late = {} }) => Object.values(late));
  return Math.max(0, ...lates.map((late) => (typeof late === "number" ? late : late.afterMs)));
}

async function expectConfigured({ instance }: PlayTarget, attached: Attached): Promise<void> {
  const { machine } = instance;
  const sync = ["ec2nic", "hotplug", "sync", "--json", "-v"];
  const { code, stderr } = await machine.exec(sync);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  const addresses = Object.values(attached).flatMap(({ ipv4 = [] }) => ipv4);
  await untilAddresses(machine, addresses);
  expect(await readManagedState(machine)).toEqual(expectedManagedState(attached));
  await expectNothingToDo(machine);
}
