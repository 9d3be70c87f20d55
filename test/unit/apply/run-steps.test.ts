import { expect, test } from "bun:test";
import { systemFiles } from "../../../src/host/files.ts";
import { runSteps } from "../../../src/apply/run-steps.ts";
import type { Step } from "../../../src/model/plan.ts";
import { fileHost } from "../../kit/files/golden-case.ts";

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
