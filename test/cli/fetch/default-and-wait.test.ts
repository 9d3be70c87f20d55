import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";

test.concurrent("--default replaces a missing value in each format", async () => {
  const nope = ["tags/instance/nope", "--default", "none at all"];
  const text = await fetchOnce({}, nope);
  expect([text.code, text.text, text.stderr]).toEqual([0, "none at all\n", ""]);
  const json = await fetchOnce({}, [...nope, "--json"]);
  expect(json.text).toBe('"none at all"\n');
  const env = await fetchOnce({}, [...nope, "--format", "env"]);
  expect(env.text).toBe('EC2_TAGS_INSTANCE_NOPE="none at all"\n');
});

test.concurrent("--default may be empty or begin with a dash", async () => {
  expect((await fetchOnce({}, ["nope", "--default", ""])).text).toBe("\n");
  expect((await fetchOnce({}, ["nope", "--default=-1"])).text).toBe("-1\n");
});

test.concurrent("--default replaces only missing keys", async () => {
  const { text } = await fetchOnce({}, ["mac", "nope", "--default", "d"]);
  expect(JSON.parse(text)).toEqual({ mac: "06:ec:2a:00:00:00", nope: "d" });
});

test.concurrent("--default does not replace an error", async () => {
  const faults = [{ match: "GET *", fault: { kind: "status", status: 503 } as const }];
  const { code, text } = await fetchOnce({ faults }, ["mac", "--default", "d", "--retries", "0"]);
  expect({ code, text }).toEqual({ code: 69, text: "" });
});

// nodeadm #1970: an existing key may be a 404 for about two seconds after the boot
test.concurrent("--wait waits for a value that appears later", async () => {
  const late = { "tags/instance/Name": 700 };
  const args = ["tags/instance/Name", "--wait", "--timeout", "8s"];
  const { code, text, elapsedMs, simulator } = await fetchOnce({ tags: { Name: "w" }, late }, args);
  expect({ code, text }).toEqual({ code: 0, text: "w\n" });
  expect(elapsedMs).toBeGreaterThan(500);
  expect(simulator.count("GET */Name")).toBeGreaterThan(1);
  expect(simulator.count("PUT *")).toBe(1);
});

test.concurrent("without --wait, fetch requests a missing key once", async () => {
  const { code, simulator } = await fetchOnce({}, ["nope"]);
  expect(code).toBe(66);
  expect(simulator.count("GET *")).toBe(1);
});

test.concurrent("--wait ends at the deadline with 66 or the default", async () => {
  const [missing, fallback] = await Promise.all([
    fetchOnce({}, ["nope", "--wait", "--timeout", "500ms"]),
    fetchOnce({}, ["nope", "--wait", "--timeout", "500ms", "--default", "d"]),
  ]);
  expect(missing.code).toBe(66);
  expect([fallback.code, fallback.text]).toEqual([0, "d\n"]);
  for (const { elapsedMs } of [missing, fallback]) {
    expect(elapsedMs).toBeGreaterThan(350);
    expect(elapsedMs).toBeLessThan(800);
  }
});

test.concurrent("--wait for a folder also waits for the keys that it lists", async () => {
  const late = { "placement/region": { afterMs: 500, listed: true } };
  const { text } = await fetchOnce({ late }, ["placement", "--wait", "--timeout", "8s"]);
  expect(JSON.parse(text)).toHaveProperty("region", "eu-central-1");
});
