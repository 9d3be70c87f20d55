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

// a daemon that drops a NIC's rules while it goes, and a run that found them a moment before
test("a step that says that there is nothing left to do has not failed", async () => {
  const tolerant = { ...step, alreadyDoneMessage: "No such file or directory" };
  expect(await failed(tolerant, gone)).toBe(false);
  expect(await failed(tolerant, "RTNETLINK answers: Operation not permitted\n")).toBe(true);
  expect(await failed(step, gone)).toBe(true);
});
