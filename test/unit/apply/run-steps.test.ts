import { expect, test } from "bun:test";
import { systemFiles } from "../../../src/host/files.ts";
import { runSteps } from "../../../src/apply/run-steps.ts";
import type { Step } from "../../../src/model/plan.ts";
import { fileHost } from "../../kit/files/golden-case.ts";
import { fakeMachine } from "../../kit/host/fake-machine.ts";

const step: Step = { argv: ["ip", "rule", "del"], reason: "left over", mac: null, timeoutMs: 1 };
const gone = "RTNETLINK answers: No such file or directory\n";

async function failed(some: Step, stderr: string): Promise<boolean> {
  const exec = () => Promise.resolve({ code: 2, stdout: "", stderr, isStarted: true });
  return (await runSteps({ ...fileHost(systemFiles, "/"), exec }, [some])).length > 0;
}

// A daemon may remove the rules of a detached NIC after this run has read them.
test("a step does not fail where its command prints `alreadyDoneMessage`", async () => {
  const tolerant = { ...step, alreadyDoneMessage: "No such file or directory" };
  expect(await failed(tolerant, gone)).toBe(false);
  expect(await failed(tolerant, "RTNETLINK answers: Operation not permitted\n")).toBe(true);
  expect(await failed(step, gone)).toBe(true);
});

const stepOf = (mac: string | null, word: string): Step => ({ ...step, argv: [word], mac });

test("after a failed step of one NIC its other steps are skipped, and those of other NICs are run", async () => {
  const machine = fakeMachine({ exec: (argv) => (argv === "one" ? 1 : 0) });
  const steps = [
    stepOf("a", "one"),
    stepOf("b", "two"),
    stepOf("a", "three"),
    stepOf(null, "four"),
  ];
  const failures = await runSteps(machine, steps);
  expect(failures.map(({ mac }) => mac)).toEqual(["a"]);
  expect(machine.done).toEqual(["run one", "run two", "run four"]);
});

test("a signal between two steps ends the run with its reason", async () => {
  const ending = new AbortController();
  const exec = () => (ending.abort(new Error("ended by SIGTERM")), 0);
  const machine = { ...fakeMachine({ exec }), signal: ending.signal };
  const run = runSteps(machine, [stepOf(null, "one"), stepOf(null, "two")]);
  await expect(run).rejects.toThrow("ended by SIGTERM");
  expect(machine.done).toEqual(["run one"]);
});
