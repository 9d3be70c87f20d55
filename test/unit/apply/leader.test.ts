import { describe, expect, test } from "bun:test";
import { type Followers, leadOrJoin } from "../../../src/apply/leader.ts";
import type { HotplugAnswer } from "../../../src/model/hotplug.ts";
import { macAt } from "../../kit/facts/nics.ts";
import { fakeClock, fakeFiles, fakeLog } from "../../kit/host/fake-host.ts";

const folder = "/run/ec2nic/batch";
const timeline = {
  listedMs: 1,
  usableMs: 2,
  appliedMs: 3,
  ipv6Ms: null,
  settledMs: 4,
  requests: 5,
};
const answerFor = (mac: string): HotplugAnswer => ({
  nic: { mac, name: "ens6", eni: "eni-1", outcome: "configured", timeline },
  failure: { kind: "OSERR", message: "it fell", hint: null },
});

/** Several runs on one machine: `files` and the lock are shared, each has a process of its own. */
function machine() {
  const files = fakeFiles({ "/proc/11": "", "/proc/12": "" });
  const list = async (path: string) =>
    [...files.there.keys()]
      .filter((name) => name.startsWith(`${path}/`))
      .map((name) => name.slice(path.length + 1))
      .toSorted();
  const holders = new Map<string, number>();
  let holder: number | null = null;
  const hostOf = (pid: number) => ({
    pid,
    files: { ...files, list },
    clock: { ...fakeClock(), sleep: () => Bun.sleep(1) },
    log: fakeLog(),
    signal: new AbortController().signal,
    takeLock: async (path: string) => {
      if (holders.has(path)) return null;
      holders.set(path, pid);
      holder = pid;
      return () => void holders.delete(path);
    },
  });
  return { files, hostOf, holder: () => holder };
}

const wanted = (at: number, key = "same") => ({ mac: macAt(at), key, deadlineMs: 1 });
const left = (files: ReturnType<typeof machine>["files"]) =>
  [...files.there.keys()].filter((path) => path.startsWith(folder));

describe("runs at the same time", () => {
  test("the first leads, the other gets its answer, and nothing is left", async () => {
    const { files, hostOf } = machine();
    const met: string[] = [];
    const lead = async (batch: Followers) => {
      for (let look = 0; met.length === 0 && look < 1000; look += 1) {
        for (const wish of await batch.listRequests()) {
          met.push(wish.mac);
          await batch.answer(wish, answerFor(wish.mac));
        }
        await Bun.sleep(1);
      }
      return "led" as const;
    };
    const never = async () => "led, too" as const;
    const both = await Promise.all([
      leadOrJoin(hostOf(11), wanted(1), lead),
      leadOrJoin(hostOf(12), wanted(2), never),
    ]);
    expect(both).toEqual(["led", answerFor(macAt(2))]);
    expect(met).toEqual([macAt(2)]);
    expect(left(files)).toEqual([]);
  });

  test("where the one that leads ends without an answer, the next leads", async () => {
    const { files, hostOf, holder } = machine();
    const failing = leadOrJoin(hostOf(11), wanted(1), async () => {
      await Bun.sleep(5);
      throw new Error("died");
    });
    const second = leadOrJoin(hostOf(12), wanted(2), async () => `led by ${holder()}`);
    expect((await Promise.allSettled([failing]))[0]?.status).toBe("rejected");
    expect(await second).toBe("led by 12");
    expect(left(files)).toEqual([]);
  });

  test("who wants something else is not taken along, and leads for itself", async () => {
    const { hostOf } = machine();
    const wishes = async (batch: Followers) => {
      await Bun.sleep(5);
      return (await batch.listRequests()).length;
    };
    const runs = [
      leadOrJoin(hostOf(11), wanted(1), wishes),
      leadOrJoin(hostOf(12), wanted(2, "other"), wishes),
    ];
    expect(await Promise.all(runs)).toEqual([0, 0]);
  });

  test("the wish of a run that was killed is met, and its file goes", async () => {
    const { files, hostOf } = machine();
    const wish = { mac: macAt(3), key: "same", elapsedMs: 9 };
    await files.write(`${folder}/99.wish`, JSON.stringify(wish), 0o600);
    await leadOrJoin(hostOf(11), wanted(1), async (batch) => {
      const [dead] = await batch.listRequests();
      expect(dead).toMatchObject({ id: "99", mac: macAt(3), isAlive: false });
      if (dead !== undefined) await batch.answer(dead, answerFor(dead.mac));
    });
    expect(left(files)).toEqual([]);
  });

  test("who wants something else does not wait", async () => {
    const { hostOf } = machine();
    const never = Promise.withResolvers<string>();
    const first = leadOrJoin(hostOf(11), wanted(1), () => never.promise);
    const other = leadOrJoin(hostOf(12), wanted(2, "other"), async () => "at once");
    expect(await Promise.race([first, other])).toBe("at once");
    never.resolve("done");
    await first;
  });

  test("what cannot be understood is nobody's wish", async () => {
    const { files, hostOf } = machine();
    await files.write(`${folder}/99.wish`, '{"mac":1', 0o600);
    await files.write(`${folder}/98.answer`, "{}", 0o600);
    expect(await leadOrJoin(hostOf(11), wanted(1), (batch) => batch.listRequests())).toEqual([]);
  });
});

test("nobody answers in time, and the other still holds on: that is told", async () => {
  const { hostOf } = machine();
  const host = hostOf(12);
  const late = { ...host, clock: { ...host.clock, now: () => 2 }, takeLock: async () => null };
  const run = leadOrJoin(late, wanted(2), async () => "never");
  expect(run).rejects.toMatchObject({ kind: "TEMPFAIL" });
  await run.catch(() => undefined);
});
