import { expect, test } from "bun:test";
import type { NicOutcome } from "../../../src/model/plan.ts";
import { renderResult, type Result } from "../../../src/output/result.ts";
import { macAt } from "../../kit/facts/nics.ts";

const nic = (outcome: NicOutcome) => ({ mac: macAt(1), name: "ens6", eni: null, outcome });
const error = { code: 75, kind: "TEMPFAIL", message: "late", hint: null } as const;
const empty: Result = {
  command: "activate",
  dryRun: false,
  nics: [],
  plan: null,
  imds: null,
  elapsedMs: 3,
  error: null,
};
const render = (changes: Partial<Result>) => JSON.parse(renderResult({ ...empty, ...changes }));

test.each<[outcome: string, ...changes: Partial<Result>[]]>([
  ["unchanged", {}, { nics: [nic("unchanged")] }],
  ["configured", { nics: [nic("unchanged"), nic("configured")] }],
  ["incomplete", { nics: [nic("configured"), nic("incomplete")], error }],
  ["failed", { nics: [nic("failed"), nic("configured")] }, { error }],
])("the outcome is the worst of the NICs: %s", (outcome, ...all) => {
  for (const changes of all) expect(render(changes).outcome).toBe(outcome);
});

test("the error and the differences are members only if they exist", () => {
  expect(render({})).toEqual({
    command: "activate",
    dryRun: false,
    elapsedMs: 3,
    imds: null,
    nics: [],
    outcome: "unchanged",
    plan: null,
  });
  expect(render({ error, differences: [] })).toMatchObject({ error, differences: [] });
});

test("the plan is printed with its backend, or with null after a lease", () => {
  const plan = { backend: null, write: [], remove: ["/a"], steps: [], reasons: ["why"] };
  expect(render({ plan }).plan).toEqual(plan);
});
