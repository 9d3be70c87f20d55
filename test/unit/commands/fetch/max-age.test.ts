import { expect, test } from "bun:test";
import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";
import { fakeFiles } from "../../../kit/host/fake-host.ts";
import { fetchAgain } from "../../../kit/imds/fetch-in-memory.ts";
import { imdsInMemory } from "../../../kit/imds/imds-in-memory.ts";

const fiveMinutes = ["--max-age", "5m"];

/** Runs `fetch` once for each list of arguments, with one `/run` and one IMDS. */
async function fetchInTurn(of: Scenario, ...runs: readonly (readonly string[])[]) {
  const imds = imdsInMemory(of);
  const files = fakeFiles({ "/proc/uptime": "1000.00 1.0\n" });
  const outcomes = [];
  for (const args of runs) {
    const sentBefore = imds.requests.length;
    const { code, text, stdout } = await fetchAgain(imds, args, { files });
    outcomes.push({ code, text, stdout, requests: imds.requests.length - sentBefore });
  }
  const cached = (await files.list("/run/ec2nic")).map((path) =>
    new TextDecoder().decode(files.there.get(path)?.content),
  );
  return { outcomes, cached };
}

test.each([
  [["instance-id"]],
  [["placement"]],
  [["profile"]],
  [["mac", "tags/instance/Name"]],
  [[]],
])("the second run of %p sends no request and prints the same", async (keys) => {
  const of = { tags: { Name: "grüße\nzwei" }, set: { profile: Uint8Array.of(0xc3, 0x28) } };
  const args = keys.length === 0 ? fiveMinutes : [...keys, ...fiveMinutes];
  const readable = keys.length === 0 ? { tags: of.tags } : of;
  const { outcomes } = await fetchInTurn(readable, args, args);
  expect(outcomes[0]).toMatchObject({ code: 0 });
  expect(outcomes[0]?.requests).toBeGreaterThan(1);
  expect(outcomes[1]).toMatchObject({ code: 0, stdout: outcomes[0]?.stdout, requests: 0 });
});

test("without --max-age, fetch neither writes nor reads the cache", async () => {
  const { outcomes } = await fetchInTurn({}, ["mac"], ["mac", ...fiveMinutes], ["mac"]);
  expect(outcomes.map(({ requests }) => requests)).toEqual([2, 2, 2]);
});

test("an error, a default or an incomplete tree is never cached", async () => {
  const late = { "placement/region": { afterMs: 1e9, listed: true } };
  for (const args of [["nope"], ["nope", "--default", "d"], ["placement"]]) {
    const all = [...args, ...fiveMinutes];
    const { outcomes, cached } = await fetchInTurn({ late }, all, all);
    expect(outcomes[1]?.requests).toBe(outcomes[0]?.requests ?? 0);
    expect(cached).toEqual([]);
  }
});

test.each([
  ["user-data"],
  ["iam/security-credentials/web"],
  ["identity-credentials/ec2/security-credentials/ec2-instance"],
  ["--show-secrets"],
])("fetch %s is never cached", async (arg) => {
  const of: Scenario = { iamRole: "web", userData: "hunter2" };
  const { outcomes, cached } = await fetchInTurn(of, [arg, ...fiveMinutes]);
  expect(outcomes[0]?.code).toBe(0);
  expect(cached).toEqual([]);
});

test("--show-secrets does not use a cached tree without secrets", async () => {
  const of: Scenario = { userData: "hunter2" };
  const { outcomes } = await fetchInTurn(of, fiveMinutes, ["--show-secrets", ...fiveMinutes]);
  expect(JSON.parse(outcomes[1]?.text ?? "")).toHaveProperty("user-data", "hunter2");
});
