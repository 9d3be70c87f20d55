import { describe, expect, test } from "bun:test";
import { type Followers, leadOrJoin, removeStaleRequests } from "../../../src/apply/leader.ts";
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

/** Several runs on one machine: they share `files` and the lock, and each has its own process id. */
function machine() {
  const files = fakeFiles({ "/proc/11": "", "/proc/12": "" });
  const holders = new Map<string, number>();
  let holder: number | null = null;
  const hostOf = (pid: number) => ({
    pid,
    files,
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

const requestFor = (at: number, key = "same") => ({ mac: macAt(at), key, deadlineMs: 1 });
const remainingPaths = (files: ReturnType<typeof machine>["files"]) =>
  [...files.there.keys()].filter((path) => path.startsWith(folder));

describe("two runs at the same time", () => {
  test("the first run leads, the second gets its answer from it, and no file remains", async () => {
    const { files, hostOf } = machine();
    const answered: string[] = [];
    const lead = async (batch: Followers) => {
      for (let look = 0; answered.length === 0 && look < 1000; look += 1) {
        for (const request of await batch.listRequests()) {
          answered.push(request.mac);
          await batch.answer(request, answerFor(request.mac));
        }
        await Bun.sleep(1);
      }
      return "led" as const;
    };
    const never = async () => "led, too" as const;
    const both = await Promise.all([
      leadOrJoin(hostOf(11), requestFor(1), lead),
      leadOrJoin(hostOf(12), requestFor(2), never),
    ]);
    expect(both).toEqual(["led", answerFor(macAt(2))]);
    expect(answered).toEqual([macAt(2)]);
    expect(remainingPaths(files)).toEqual([]);
  });

  test("the second run leads where the leader ends without an answer", async () => {
    const { files, hostOf, holder } = machine();
    const failing = leadOrJoin(hostOf(11), requestFor(1), async () => {
      await Bun.sleep(5);
      throw new Error("died");
    });
    const second = leadOrJoin(hostOf(12), requestFor(2), async () => `led by ${holder()}`);
    expect((await Promise.allSettled([failing]))[0]?.status).toBe("rejected");
    expect(await second).toBe("led by 12");
    expect(remainingPaths(files)).toEqual([]);
  });

  test("a run with another key is not listed by the leader, and leads itself", async () => {
    const { hostOf } = machine();
    const countRequests = async (batch: Followers) => {
      await Bun.sleep(5);
      return (await batch.listRequests()).length;
    };
    const runs = [
      leadOrJoin(hostOf(11), requestFor(1), countRequests),
      leadOrJoin(hostOf(12), requestFor(2, "other"), countRequests),
    ];
    expect(await Promise.all(runs)).toEqual([0, 0]);
  });

  test("the leader answers the request of a killed run, and its file is removed", async () => {
    const { files, hostOf } = machine();
    const request = { mac: macAt(3), key: "same", elapsedMs: 9 };
    await files.write(`${folder}/99.wish`, JSON.stringify(request), 0o600);
    await leadOrJoin(hostOf(11), requestFor(1), async (batch) => {
      const [dead] = await batch.listRequests();
      expect(dead).toMatchObject({ id: "99", mac: macAt(3), isAlive: false });
      if (dead !== undefined) await batch.answer(dead, answerFor(dead.mac));
    });
    expect(remainingPaths(files)).toEqual([]);
  });

  test("a run ignores the answer for an earlier process with the same id", async () => {
    const { files, hostOf } = machine();
    const stale = JSON.stringify(answerFor(macAt(1)));
    await files.write(`${folder}/11.answer`, stale, 0o600);
    expect(await leadOrJoin(hostOf(11), requestFor(1), async () => "led")).toBe("led");
    expect(remainingPaths(files)).toEqual([]);
  });

  test("a run with another key does not wait for the leader", async () => {
    const { hostOf } = machine();
    const never = Promise.withResolvers<string>();
    const first = leadOrJoin(hostOf(11), requestFor(1), () => never.promise);
    const other = leadOrJoin(hostOf(12), requestFor(2, "other"), async () => "at once");
    expect(await Promise.race([first, other])).toBe("at once");
    never.resolve("done");
    await first;
  });

  test("a request file that is not valid JSON is ignored", async () => {
    const { files, hostOf } = machine();
    await files.write(`${folder}/99.wish`, '{"mac":1', 0o600);
    await files.write(`${folder}/98.answer`, "{}", 0o600);
    expect(await leadOrJoin(hostOf(11), requestFor(1), (batch) => batch.listRequests())).toEqual(
      [],
    );
  });
});

test("a run ends with TEMPFAIL where the leader does not answer before the deadline", async () => {
  const { hostOf } = machine();
  const host = hostOf(12);
  const late = { ...host, clock: { ...host.clock, now: () => 2 }, takeLock: async () => null };
  const run = leadOrJoin(late, requestFor(2), async () => "never");
  expect(run).rejects.toMatchObject({ kind: "TEMPFAIL" });
  await run.catch(() => undefined);
});

test("removeStaleRequests removes the requests and answers of ended processes, and keeps the lock and the others", async () => {
  const [kept, stale] = [
    ["lock", "11.wish", "11.answer"],
    ["13.wish", "14.wish", "14.answer"],
  ];
  const { files } = machine();
  for (const name of [...kept, ...stale]) await files.write(`${folder}/${name}`, "", 0o600);
  await removeStaleRequests({ files });
  expect(remainingPaths(files)).toEqual(kept.map((name) => `${folder}/${name}`));
});
