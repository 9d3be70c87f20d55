import { describe, expect, test } from "bun:test";
import { applyPlan } from "../../../src/apply/apply-plan.ts";
import { interruptedRunPath } from "../../../src/apply/interrupted-run.ts";
import { Failure } from "../../../src/exit.ts";
import type { NetworkPlan, Step } from "../../../src/model/plan.ts";
import { managedPath } from "../../../src/model/managed-paths.ts";
import { fakeMachine, type FakeOptions } from "../../kit/host/fake-machine.ts";
import type { FakeFiles } from "../../kit/host/fake-host.ts";
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
const reachability = { link: "ens5", routes: { ipv4: true, ipv6: false }, imdsAnswers: null };

async function applied(options: FakeOptions, reachableBefore: typeof reachability | null = null) {
  const machine = fakeMachine({ ...options, disk: { ...old, ...options.disk } });
  const result = await applyPlan(machine, plan, {
    reachability: reachableBefore,
    interruptedRun: null,
    undo,
  });
  const outcomes = result.nics.map(({ outcome }) => outcome);
  const contents = [first, second].map((mac) => machine.files.textAt(fileOf(mac).path));
  return { ...result, machine, outcomes, contents };
}

describe("a plan without a failure", () => {
  test("writes the files, runs the steps in order, and removes its record of an interrupted run", async () => {
    const records = new Set<string | null>();
    const exec = (_: string, files: FakeFiles) => {
      records.add(files.textAt(interruptedRunPath));
      return 0;
    };
    const disk = { "/proc/net/route": route(true) };
    const { failure, outcomes, machine } = await applied({ exec, disk }, reachability);
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
    const [record] = records;
    expect(records.size).toBe(1);
    expect(JSON.parse(record ?? "")).toEqual({
      previous: [
        { path: fileOf(first).path, mac: first, content: "old\n", mode: 0o444 },
        { path: fileOf(second).path, mac: second, content: null, mode: 0o600 },
      ],
      reachability: { link: "ens5", routes: { ipv4: true, ipv6: false }, imdsAnswers: null },
    });
  });

  test("writes no record of an interrupted run where it has no steps", async () => {
    const machine = fakeMachine();
    await applyPlan(machine, { ...plan, steps: [] }, { reachability, interruptedRun: null, undo });
    expect(machine.done).toEqual(plan.write.map(({ path }) => `write ${path}`));
  });
});

describe("a step that fails", () => {
  test("for one NIC restores and activates its old file, keeps the other NIC, and ends with OSERR", async () => {
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

  test("for all NICs stops the run, restores every old file and removes every new one", async () => {
    const { failure, outcomes, contents, machine } = await applied({
      exec: (argv) => (argv === "reload" ? 1 : 0),
    });
    expect(failure?.kind).toBe("OSERR");
    expect(outcomes).toEqual(["failed", "failed"]);
    expect(contents).toEqual(["old\n", null]);
    expect(machine.done).not.toContain("run up ens5");
    expect(machine.done).toContain("run up back ens6");
  });

  test("because the command is missing says so", async () => {
    const { failure } = await applied({ exec: (argv) => (argv === "reload" ? 127 : 0) });
    expect(failure?.message).toBe("reload: there is no such command");
  });

  test("ends the run with its own failure where the roll-back fails too, and the log has that one", async () => {
    const { failure, machine } = await applied({
      exec: (argv) => (argv.startsWith("reload") ? 1 : 0),
    });
    expect(failure?.message).toBe("reload: ended with 1");
    expect(machine.logged).toContain(
      "error the previous configuration was not fully restored: reload back: ended with 1",
    );
  });
});

describe("after a killed run", () => {
  const previous = [{ path: fileOf(first).path, mac: first, content: "oldest\n", mode: 0o600 }];
  const interruptedRun = { previous, reachability: null };

  test("a failure restores the files from before the killed run", async () => {
    const machine = fakeMachine({ disk: old, exec: (argv) => (argv === "reload" ? 1 : 0) });
    await applyPlan(machine, plan, { reachability: null, interruptedRun, undo });
    expect(machine.files.textAt(fileOf(first).path)).toBe("oldest\n");
  });
});

test("a file that cannot be written skips the steps of its NIC, and the other steps are run", async () => {
  const full = new Failure("CANTCREAT", "no space left");
  const { outcomes, machine, failure } = await applied({
    failAt: (effect) => (effect === `write ${fileOf(second).path}` ? full : null),
  });
  expect(failure?.kind).toBe("CANTCREAT");
  expect(outcomes).toEqual(["configured", "failed"]);
  expect(machine.done).toContain("run up ens5");
  expect(machine.done).not.toContain("run up ens6");
});
