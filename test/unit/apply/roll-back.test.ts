import { describe, expect, test } from "bun:test";
import { applyPlan } from "../../../src/apply/apply-plan.ts";
import { interruptedRunPath } from "../../../src/apply/interrupted-run.ts";
import { Failure } from "../../../src/exit.ts";
import type { NetworkPlan, Step } from "../../../src/model/plan.ts";
import { managedPath } from "../../../src/model/managed-paths.ts";
import { fakeMachine, type FakeOptions } from "../../kit/host/fake-machine.ts";
import { macAt } from "../../kit/facts/nics.ts";

const [first, second] = [macAt(0), macAt(1)];
const fileOf = (mac: string) => ({
  path: managedPath("netplan", mac),
  content: `new ${mac}\n`,
  mode: 0o600,
  mac,
});
const step = (text: string, mac: string | null): Step => ({
  argv: text.split(" "),
  reason: "a test",
  mac,
  timeoutMs: 1000,
});

const plan: NetworkPlan = {
  backend: "netplan",
  write: [fileOf(first), fileOf(second)],
  remove: [],
  steps: [step("reload", null), step("up ens5", first), step("up ens6", second)],
  reasons: [],
  nics: [first, second].map((mac) => ({ mac, name: null, eni: null, outcome: "configured" })),
};
const undo = [step("reload back", null), step("up back ens5", first), step("up back ens6", second)];
const old = { [fileOf(first).path]: "old\n" };

const route = (hasDefault: boolean): string =>
  `Iface Destination Gateway Flags R U M Mask\nens5 ${hasDefault ? "00000000" : "0000000A"} 0100000A 0003 0 0 512 00000000\n`;
const standing = { link: "ens5", routes: { ipv4: true, ipv6: false }, imdsAnswers: null };

async function applied(options: FakeOptions, stands: typeof standing | null = null) {
  const machine = fakeMachine({ ...options, disk: { ...old, ...options.disk } });
  const result = await applyPlan(machine, plan, {
    reachability: stands,
    interruptedRun: null,
    undo,
  });
  const outcomes = result.nics.map(({ outcome }) => outcome);
  const contents = [first, second].map(
    (mac) => machine.disk.get(fileOf(mac).path)?.content ?? null,
  );
  return { ...result, machine, outcomes, contents };
}

describe("all goes well", () => {
  test("files first, then the steps in their order; nothing unfinished remains", async () => {
    const { failure, outcomes, machine } = await applied({});
    expect({ failure, outcomes }).toEqual({
      failure: null,
      outcomes: ["configured", "configured"],
    });
    expect(machine.done).toEqual([
      `write ${interruptedRunPath}`,
      `write ${fileOf(first).path}`,
      `write ${fileOf(second).path}`,
      "run reload",
      "run up ens5",
      "run up ens6",
      `remove ${interruptedRunPath}`,
    ]);
  });

  test("a plan without steps leaves no note: nothing can be unfinished", async () => {
    const machine = fakeMachine();
    await applyPlan(
      machine,
      { ...plan, steps: [] },
      { reachability: standing, interruptedRun: null, undo },
    );
    expect(machine.done).toEqual(plan.write.map(({ path }) => `write ${path}`));
  });
});

describe("a step fails", () => {
  test("for one NIC: its old file is back and taken up; the other stays new; 71", async () => {
    const { failure, outcomes, contents, machine } = await applied({
      exec: (argv) => (argv === "up ens5" ? { code: 4, stderr: "no lease\nmore" } : 0),
    });
    expect(failure?.kind).toBe("OSERR");
    expect(failure?.message).toBe("up ens5: ended with 4: no lease");
    expect(outcomes).toEqual(["failed", "configured"]);
    expect(contents).toEqual(["old\n", fileOf(second).content]);
    expect(machine.done.slice(-4)).toEqual([
      `write ${fileOf(first).path}`,
      "run reload back",
      "run up back ens5",
      `remove ${interruptedRunPath}`,
    ]);
  });

  test("for all: no further step, every old file is back, a new one is gone", async () => {
    const { failure, outcomes, contents, machine } = await applied({
      exec: (argv) => (argv === "reload" ? 1 : 0),
    });
    expect(failure?.kind).toBe("OSERR");
    expect(outcomes).toEqual(["failed", "failed"]);
    expect(contents).toEqual(["old\n", null]);
    expect(machine.done).not.toContain("run up ens5");
    expect(machine.done).toContain("run up back ens6");
  });

  test("a command that is not there is named as such", async () => {
    const { failure } = await applied({ exec: (argv) => (argv === "reload" ? 127 : 0) });
    expect(failure?.message).toBe("reload: there is no such command");
  });

  test("going back fails too: it is told, and the run ends with the first failure", async () => {
    const { failure, machine } = await applied({
      exec: (argv) => (argv.startsWith("reload") ? 1 : 0),
    });
    expect(failure?.message).toBe("reload: ended with 1");
    expect(machine.logged).toContain("error going back: reload back: ended with 1");
  });
});

describe("the machine would become unreachable", () => {
  test("the default route is gone and does not come back: everything is taken back, 71", async () => {
    const { failure, outcomes, contents } = await applied(
      { disk: { "/proc/net/route": route(false) } },
      standing,
    );
    expect(failure?.kind).toBe("OSERR");
    expect(failure?.message).toContain("the ipv4 default route over ens5 is gone");
    expect(outcomes).toEqual(["failed", "failed"]);
    expect(contents).toEqual(["old\n", null]);
  });

  test("imds no longer answers: the same", async () => {
    const { failure, contents } = await applied({ disk: { "/proc/net/route": route(true) } }, {
      ...standing,
      imdsAnswers: async () => false,
    } as never);
    expect(failure?.message).toContain("imds no longer answers");
    expect(contents).toEqual(["old\n", null]);
  });

  test("it comes back within the patience: nothing is taken back", async () => {
    let looks = 0;
    const { failure, contents } = await applied({ disk: { "/proc/net/route": route(true) } }, {
      ...standing,
      imdsAnswers: async () => (looks += 1) > 3,
    } as never);
    expect(failure).toBeNull();
    expect(looks).toBe(5); // the fourth is the first that it stands, and it has to for a second
    expect(contents).toEqual([fileOf(first).content, fileOf(second).content]);
  });
});

test("it stands at once and falls a moment later: everything is taken back", async () => {
  let looks = 0;
  const { failure, contents } = await applied({ disk: { "/proc/net/route": route(true) } }, {
    ...standing,
    imdsAnswers: async () => (looks += 1) <= 1,
  } as never);
  expect(failure?.message).toContain("imds no longer answers");
  expect(contents).toEqual(["old\n", null]);
});

describe("a run was killed before", () => {
  const previous = [{ path: fileOf(first).path, mac: first, content: "oldest\n", mode: 0o600 }];
  const interruptedRun = { previous, reachability: null };

  test("what it found is what a failure goes back to, not what it left", async () => {
    const machine = fakeMachine({ disk: old, exec: (argv) => (argv === "reload" ? 1 : 0) });
    await applyPlan(machine, plan, { reachability: null, interruptedRun, undo });
    expect(machine.disk.get(fileOf(first).path)?.content).toBe("oldest\n");
  });
});

test("a file that cannot be written: its steps are not run, the others' are", async () => {
  const full = new Failure("CANTCREAT", "no space left");
  const { outcomes, machine, failure } = await applied({
    failAt: (effect) => (effect === `write ${fileOf(second).path}` ? full : null),
  });
  expect(failure?.kind).toBe("CANTCREAT");
  expect(outcomes).toEqual(["configured", "failed"]);
  expect(machine.done).toContain("run up ens5");
  expect(machine.done).not.toContain("run up ens6");
});
