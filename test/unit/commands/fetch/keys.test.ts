import { expect, test } from "bun:test";
import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";
import { fetchInMemory } from "../../../kit/imds/fetch-in-memory.ts";

const nope = "tags/instance/nope";

test.each([
  [[], "none\n"],
  [["--json"], '"none"\n'],
  [["--format", "env"], 'EC2_TAGS_INSTANCE_NOPE="none"\n'],
])("--default replaces a missing value with %p", async (format, printed) => {
  const { code, text, message } = await fetchInMemory({}, [nope, "--default", "none", ...format]);
  expect([code, text, message]).toEqual([0, printed, ""]);
});

test("--default may be empty or begin with a dash", async () => {
  expect((await fetchInMemory({}, ["nope", "--default", ""])).text).toBe("\n");
  expect((await fetchInMemory({}, ["nope", "--default=-1"])).text).toBe("-1\n");
});

test("--default replaces only missing keys", async () => {
  const { text } = await fetchInMemory({}, ["mac", "nope", "--default", "d"]);
  expect(JSON.parse(text)).toEqual({ mac: "06:ec:2a:00:00:00", nope: "d" });
});

test("--default does not replace an error", async () => {
  const faults = [{ match: "GET *", fault: { kind: "status", status: 503 } as const }];
  const args = ["mac", "--default", "d", "--retries", "0"];
  expect(await fetchInMemory({ faults }, args)).toMatchObject({ code: 69, text: "" });
});

test.each([
  ["nope", "list all keys: ec2nic fetch --json. To wait for this key: --wait"],
  ["placement/no pe", "list all keys: ec2nic fetch placement. To wait for this key: --wait"],
  ["tags/a b/nope", "tags need the instance's metadata option instance-metadata-tags"],
  ["user-data", "the instance was launched without user-data"],
])("the missing key %s is requested once, and the hint says what to do", async (key, hint) => {
  const { code, message, count } = await fetchInMemory({}, [key]);
  expect(code).toBe(66);
  expect(message).toStartWith(`${key}: there is no such key (404)\n${hint}`);
  expect(count("GET", "")).toBe(1);
});

// nodeadm #1970: an existing key may be a 404 for about two seconds after the boot
test("--wait waits for a value that appears later, with one token", async () => {
  const late = { "tags/instance/Name": 2000 };
  const args = ["tags/instance/Name", "--wait"];
  const run = await fetchInMemory({ tags: { Name: "w" }, late }, args);
  expect(run).toMatchObject({ code: 0, text: "w\n" });
  expect(run.count("PUT", "")).toBe(1);
  expect(run.elapsedMs).toBeGreaterThanOrEqual(2000);
});

test.each([
  [[], 66, ""],
  [["--default", "d"], 0, "d\n"],
])("--wait with %p ends at the deadline with %d", async (fallback, code, text) => {
  const run = await fetchInMemory({}, ["nope", "--wait", "--timeout", "3s", ...fallback]);
  expect(run).toMatchObject({ code, text });
  expect(run.elapsedMs).toBeGreaterThan(2850);
  expect(run.elapsedMs).toBeLessThanOrEqual(3000);
});

test("--wait for a folder also waits for the keys that it lists", async () => {
  const late = { "placement/region": { afterMs: 500, listed: true } };
  const { text } = await fetchInMemory({ late }, ["placement", "--wait"]);
  expect(JSON.parse(text)).toHaveProperty("region", "eu-central-1");
});

// a listed leaf that does not exist yet belongs to an ENI that propagates: this is no failure
test("without --wait, a listed key that is a 404 is left out and reported", async () => {
  const late = { "placement/region": { afterMs: 1e9, listed: true } };
  const { code, text, logged } = await fetchInMemory({ late }, ["placement"]);
  expect(code).toBe(0);
  expect(JSON.parse(text)).not.toHaveProperty("region");
  expect(logged).toEqual(["warn: placement/region is left out: it is listed, but answers 404"]);
});

test("a known leaf needs no listing, and another key the listing of its folder", async () => {
  const requested = async (key: string) =>
    (await fetchInMemory({}, [key])).requests.slice(1).map(({ path }) => path);
  expect(await requested("placement/region")).toEqual(["/latest/meta-data/placement/region"]);
  expect(await requested("profile")).toEqual(["/latest/meta-data/profile", "/latest/meta-data/"]);
});

const scenario: Scenario = { iamRole: "web", userData: "password=hunter2" };
const secrets = /simulated-secret|simulated-session-token|ASIAEXAMPLE|hunter2/;

test.each([
  [[], false],
  [["meta-data"], false],
  [["--format", "env"], false],
  [["--show-secrets"], true],
  [["iam"], false],
  [["iam/security-credentials/web"], true],
  [["user-data"], true],
])("fetch %p has secrets: %p", async (args, expected) => {
  const { code, text, count } = await fetchInMemory(scenario, args);
  expect([code, secrets.test(text)]).toEqual([0, expected]);
  if (!expected)
    expect(count("GET", "user-data") + count("GET", "security-credentials/web")).toBe(0);
});

test("the whole tree has meta-data at the top, dynamic, and with --show-secrets user-data", async () => {
  const { text } = await fetchInMemory(scenario, ["--show-secrets"]);
  const tree = JSON.parse(text);
  expect(tree).toMatchObject({
    "instance-id": "i-0ec20000000000001",
    dynamic: { "instance-identity": { document: expect.stringContaining("accountId") } },
    iam: { "security-credentials": { web: expect.stringContaining("simulated-secret-ROLE") } },
    "user-data": "password=hunter2",
  });
  expect(Object.keys(tree)).toEqual(Object.keys(tree).toSorted());
});

test("a whole tree without meta-data is an error", async () => {
  const content = { metaData: {} };
  const faults = [{ match: "GET */meta-data/", fault: { kind: "status", status: 404 } as const }];
  expect(await fetchInMemory({ content, faults }, [])).toMatchObject({ code: 65, text: "" });
});

test("an error of a child is an error of the tree", async () => {
  const faults = [{ match: "GET */region", fault: { kind: "status", status: 500 } as const }];
  const run = await fetchInMemory({ faults }, ["placement", "--retries", "1"]);
  expect(run).toMatchObject({ code: 69, text: "" });
});

test("a 403 in the middle of a tree ends the run at once", async () => {
  const faults = [{ match: "GET */region", fault: { kind: "status", status: 403 } as const }];
  const run = await fetchInMemory({ faults }, []);
  expect(run).toMatchObject({ code: 78, text: "" });
  expect(run.count("GET", "/region")).toBe(1);
});

// tags can have any name, and one odd name must not cost the others
test.each(["..", "a/b", "a\r", "http://127.0.0.1/", "x".repeat(600)])(
  "the name %p in a listing is left out, with a warning, and not requested",
  async (bad) => {
    const fault = { kind: "status", status: 200, body: `mac\n${bad}\nprofile` } as const;
    const run = await fetchInMemory({ faults: [{ match: "GET */meta-data/", fault }] }, [
      "meta-data",
    ]);
    expect([run.code, Object.keys(JSON.parse(run.text))]).toEqual([0, ["mac", "profile"]]);
    expect(run.logged).toEqual([expect.stringContaining("left out")]);
    expect(run.count("GET", "")).toBe(3);
  },
);
