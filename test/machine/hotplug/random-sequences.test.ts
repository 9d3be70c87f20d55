import { beforeAll, expect, setDefaultTimeout } from "bun:test";
import { createRandom } from "../../kit/basics/random.ts";
import { fakeBus, slotOf } from "../../kit/machine/vpc/fake-bus.ts";
import { modestImages as images } from "../../kit/machine/images.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { pingThrough } from "../../kit/machine/checks/ping-through.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
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
import { testUnless } from "../../kit/basics/skip.ts";

/** `SEQUENCES=200` for all; `EC2NIC_SEED=N SEQUENCES=1 -t BACKEND` for the one a failure names. */
const sequences = Number(process.env["SEQUENCES"] ?? "6");
const perBackend = Math.ceil(sequences / Object.keys(images).length);
setDefaultTimeout(60_000 + perBackend * 60_000);
const missing = machineMissing();
const testMachine = testUnless(missing);
beforeAll(async () => void (missing ?? (await rootFileSystem("bookworm"))), 600_000);

for (const [backend, image] of Object.entries(images)) {
  testMachine(`${backend}: whatever comes and goes, in the end all is as IMDS says`, async () => {
    const { seed } = seededRuns(perBackend);
    const primary = { device: 0, vpcCidrs: ["10.0.0.0/16", "10.1.0.0/16"] };
    await using instance = await startInstance({ enis: [primary], ...image });
    const { machine } = instance;
    const stage = { instance, bus: await fakeBus(machine) };
    await stage.bus.plug(slotOf("ens5"), "ens5");
    await untilAddresses(machine, ["10.0.0.10"]);
    await machine.run(["ec2nic", "activate"]);
    const startMs = performance.now();
    const counts = { runs: 0, killed: 0, actions: 0 };
    for (let at = 0; at < perBackend; at += 1) {
      const { actions, attached } = randomSequence(createRandom(seed + at), at);
      const replay = `EC2NIC_SEED=${seed + at} SEQUENCES=1 -t ${backend}`;
      const runs = await withReplay({ replay, actions }, () =>
        oneSequence(stage, actions, attached),
      );
      counts.actions += actions.length;
      counts.runs += runs.length;
      counts.killed += runs.filter(({ code }) => code === 137).length;
    }
    const seconds = Math.round((performance.now() - startMs) / 1000);
    console.log(backend, `EC2NIC_SEED=${seed}`, JSON.stringify({ perBackend, seconds, ...counts }));
  });
}

/** A failure names the seed of its sequence, and what happened in it. */
async function withReplay<T>(what: object, work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    console.log(JSON.stringify(what));
    throw error;
  });
}

async function oneSequence(
  stage: PlayTarget,
  actions: Parameters<typeof playActions>[1],
  attached: Attached,
): Promise<readonly EventRun[]> {
  const { machine } = stage.instance;
  const ping = await pingThrough(stage.instance, { address: "10.0.0.10" });
  const runs = await playActions(stage, actions);
  const bad = runs.filter(({ code, killAfterMs }) => {
    return code !== 0 && !(code === 137 && killAfterMs !== null);
  });
  expect(bad).toEqual([]);
  await Bun.sleep(latenessOf(attached)); // what IMDS does not say yet, sync cannot know
  await expectRight(stage, attached);
  for (const spec of Object.values(attached)) await detachNic(stage, spec, 0);
  const { code, stderr } = await machine.exec(removeArgv, { timeoutMs: 60_000 });
  expect({ code, said: code === 0 ? "" : stderr }).toEqual({ code: 0, said: "" });
  expect(await readManagedState(machine)).toEqual(expectedManagedState({}));
  expect((await ping.stop()).lostNumbers).toEqual([]);
  return runs;
}

function latenessOf(attached: Attached): number {
  const lates = Object.values(attached).flatMap(({ late = {} }) => Object.values(late));
  return Math.max(0, ...lates.map((late) => (typeof late === "number" ? late : late.afterMs)));
}

async function expectRight({ instance }: PlayTarget, attached: Attached): Promise<void> {
  const { machine } = instance;
  const sync = ["ec2nic", "hotplug", "sync", "--json", "-v"];
  const { code, stderr } = await machine.exec(sync, { timeoutMs: 60_000 });
  expect({ code, said: code === 0 ? "" : stderr }).toEqual({ code: 0, said: "" });
  const addresses = Object.values(attached).flatMap(({ ipv4 = [] }) => ipv4);
  await untilAddresses(machine, addresses);
  expect(await readManagedState(machine)).toEqual(expectedManagedState(attached));
  const check = await machine.exec(["ec2nic", "activate", "--check"]);
  expect(check).toMatchObject({ code: 0, stdout: "no difference\n" });
  const { outcome, plan } = JSON.parse(await machine.run(["ec2nic", "activate", "--json"]));
  expect({ outcome, steps: plan.steps }).toEqual({ outcome: "unchanged", steps: [] });
}
