import { expect, test } from "bun:test";
import type { Host, HttpTransport } from "../../../src/host/host.ts";
import type { ImdsSettings } from "../../../src/imds/protocol/settings.ts";
import { openSession } from "../../../src/imds/session.ts";
import type { FaultRule } from "../../../scripts/simulator/faults/fault.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { linkAddress } from "../../kit/facts/link-states.ts";
import { sysfs } from "../../kit/host/sysfs.ts";
import { imdsInMemory } from "../../kit/imds/imds-in-memory.ts";

const usual: ImdsSettings = {
  endpoints: ["http://imds"],
  timeoutMs: 60_000,
  tryMs: 60_000,
  connectMs: 60_000,
  retries: Infinity,
  nic: null,
  paths: "any",
  dhcp: false,
};

/** A session with an IMDS in memory; `text` reads a key of `meta-data`. */
function sessionWith(
  scenario: Scenario = {},
  settings: Partial<ImdsSettings> = {},
  on: Partial<Host> = {},
) {
  const imds = imdsInMemory(scenario);
  const session = openSession({ ...imds.host, ...on }, { ...usual, ...settings });
  const text = async (...path: readonly string[]) => {
    const bytes = await session.get(["meta-data", ...path]);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  };
  return { ...imds, session, text };
}

const mac = "06:ec:2a:00:00:00";
const status = (code: number, rule: Partial<FaultRule> = {}): FaultRule => ({
  match: "GET *",
  ...rule,
  fault: { kind: "status", status: code },
});
const tokenHeader = "x-aws-ec2-metadata-token";

test("a session gets one token, and sends it with each GET", async () => {
  const { session, text, requests } = sessionWith();
  expect(session.stats()).toMatchObject({ endpoint: null, through: null, requests: 0 });
  expect(await text("mac")).toBe(mac);
  expect(await text("nope")).toBeNull();
  const sent = requests.map(({ method, path, headers }) => [
    method,
    path,
    headers.has(tokenHeader),
  ]);
  expect(sent).toEqual([
    ["PUT", "/latest/api/token", false],
    ["GET", "/latest/meta-data/mac", true],
    ["GET", "/latest/meta-data/nope", true],
  ]);
  expect(session.stats()).toEqual({
    endpoint: "http://imds",
    interface: null,
    through: "routing",
    requests: 3,
    retries: 0,
  });
});

// IMDS accepts 1 s to 6 h
test.each([
  [1, "61"],
  [60_000, "120"],
  [86_400_000, "21600"],
])("the token of a run of %d ms is valid for %s s", async (timeoutMs, ttl) => {
  const { text, requests } = sessionWith({}, { timeoutMs });
  await text("mac");
  expect(requests[0]?.headers.get("x-aws-ec2-metadata-token-ttl-seconds")).toBe(ttl);
});

// NixOS saw that IMDS rejected ten out of ten first tokens; only a new token helps
test("after a 401, each retry has a new token", async () => {
  const faults = [{ fault: { kind: "token-rejected" } as const, times: 3 }];
  const { session, text, requests } = sessionWith({ faults });
  expect(await text("mac")).toBe(mac);
  expect(requests.map(({ method }) => method).join(" ")).toBe("PUT GET PUT GET PUT GET PUT GET");
  const tokens = requests.flatMap(({ headers }) => headers.get(tokenHeader) ?? []);
  expect(new Set(tokens).size).toBe(4);
  expect(session.stats().retries).toBe(3);
});

test("requests that are refused with one token share the next token", async () => {
  const { text, count } = sessionWith({ latencyMs: 5, faults: [status(401, { times: 4 })] });
  await Promise.all([text("mac"), text("ami-id"), text("instance-id"), text("hostname")]);
  expect(count("PUT", "/token")).toBe(2);
});

test("after an error of the service, the retry has the same token", async () => {
  const { text, count } = sessionWith({ faults: [status(503, { times: 2 })] });
  expect(await text("mac")).toBe(mac);
  expect(count("PUT", "/token")).toBe(1);
});

test.each([
  [["http://imds"], 1],
  [["http://imds", "http://other"], 2],
])("after a cut connection with the endpoints %p, there are %d tokens", async (endpoints, puts) => {
  const faults = [{ match: "GET *", fault: { kind: "reset" }, times: 1 } as const];
  const { text, count } = sessionWith({ faults }, { endpoints });
  expect(await text("mac")).toBe(mac);
  expect(count("PUT", "/token")).toBe(puts);
});

test("after tryGet has thrown, the next request gets a token again", async () => {
  const { session, count } = sessionWith({ faults: [status(403, { times: 1 })] });
  const path = ["meta-data", "mac"];
  await expect(session.tryGet(path)).rejects.toMatchObject({ kind: "CONFIG" });
  expect(await session.tryGet(path)).toMatchObject({ kind: "value" });
  expect(count("PUT", "/token")).toBe(2);
});

test("tryGet returns a transient error, and sends no retry", async () => {
  const { session, count } = sessionWith({ faults: [status(503)] });
  const answer = await session.tryGet(["meta-data", "mac"]);
  expect(answer).toMatchObject({ kind: "error", error: { reason: "503, throttled" } });
  expect(count("GET", "/mac")).toBe(1);
});

// early in a boot, and behind a captive portal
test.each([
  ["404 instead of a token", 404, undefined],
  ["the answer is not a token", 200, "<html>log in</html>\n"],
  ["the answer is not a token", 200, "a b"],
  ["the answer is not a token", 200, "t\u0007"],
  ["the answer is not a token", 200, "grüße"],
  ["the answer is not a token", 200, ""],
])("a token request is retried: %s", async (reason, code, body) => {
  const answer = { kind: "status", status: code, ...(body === undefined ? {} : { body }) } as const;
  const faults = [{ match: "PUT *", fault: answer, times: 2 }];
  const { text, count } = sessionWith({ faults });
  expect(await text("mac")).toBe(mac);
  expect(count("PUT", "/token")).toBe(3);
  const failing = sessionWith({ faults: [{ match: "PUT *", fault: answer }] }, { retries: 1 });
  await expect(failing.text("mac")).rejects.toMatchObject({
    kind: "DATAERR",
    message: `IMDS: ${reason} (2 tries in 100 ms)`,
  });
  expect(failing.count("GET", "")).toBe(0);
});

// what no retry fixes is thrown at once
test.each([
  [403, "CONFIG"],
  [400, "DATAERR"],
  [302, "DATAERR"],
])("a %d is thrown as %s after one request, for the token or a value", async (code, kind) => {
  for (const method of ["PUT", "GET"]) {
    const { text, count, host } = sessionWith({ faults: [status(code, { match: `${method} *` })] });
    await expect(text("mac")).rejects.toMatchObject({ kind });
    expect([count(method, ""), host.clock.now()]).toEqual([1, 0]);
  }
});

// cloud-init's fixtures have `public-hostname` of a VPC without DNS host names
test("an empty value is a value, after one request", async () => {
  const faults = [{ match: "GET *", fault: { kind: "empty" } } as const];
  const { text, count } = sessionWith({ faults });
  expect(await text("public-hostname")).toBe("");
  expect(count("GET", "/public-hostname")).toBe(1);
});

test.each([
  ["with a coding that was not requested", "DATAERR", { "content-encoding": "gzip" }, "x"],
  ["that is too large", "DATAERR", {}, "x".repeat(262_145)],
])("an answer %s ends as %s", async (_, kind, headers, body) => {
  const fault = { kind: "status", status: 200, headers, body } as const;
  const { text } = sessionWith({ faults: [{ match: "GET *", fault }] }, { retries: 0 });
  await expect(text("mac")).rejects.toMatchObject({ kind });
});

test("user-data may have 1 MiB, and other values 256 KiB", async () => {
  const value = (size: number): Uint8Array => new Uint8Array(size).fill(0x61);
  const fits = sessionWith({ userData: value(1_048_576), set: { profile: value(262_144) } });
  expect(await fits.session.get(["user-data"])).toHaveLength(1_048_576);
  expect(await fits.text("profile")).toHaveLength(262_144);
  const scenario = { userData: value(1_048_577) };
  const { session } = sessionWith(scenario, { retries: 0 });
  await expect(session.get(["user-data"])).rejects.toThrow("larger than 1048576 bytes");
});

test("at most 6 requests are in flight, and listings are sent first", async () => {
  const { session, text, requests, maxInFlight } = sessionWith({ latencyMs: 10 });
  const leaves = Array.from({ length: 12 }, () => text("mac"));
  const listing = session.get(["meta-data", "placement"], { asFolder: true });
  await Promise.all([...leaves, listing]);
  expect(maxInFlight()).toBe(6);
  expect(requests.slice(1, 8).map(({ path }) => path.split("/").at(-2))).toContain("placement");
});

test("the log with --verbose has each request, and never the token", async () => {
  const { text, requests, host } = sessionWith({ faults: [status(503, { times: 1 })] });
  await text("mac");
  await text("nope");
  const token = requests.at(-1)?.headers.get(tokenHeader) ?? "";
  const lines = host.log.lines.join("\n");
  expect(token).not.toBe("");
  expect(lines).not.toContain(token);
  expect(lines).toContain("PUT http://imds/latest/api/token: 200, 56 bytes (0 ms)");
  expect(lines).toContain("GET http://imds/latest/meta-data/mac: 503, throttled (0 ms)");
  expect(lines).toContain("GET http://imds/latest/meta-data/nope: 404 (0 ms)");
});

test("when one NIC gets a token, the transports through the other NICs are closed", async () => {
  const nic = { type: "1", flags: "0x1003", carrier: "1", device: { link: "0000:00:05.0" } };
  const imds = imdsInMemory();
  const closed: string[] = [];
  const never: HttpTransport["fetch"] = (_, { signal }) =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  const bind: Host["bind"] = async ({ nic: name }) => {
    if (name === "ens7") return "not permitted";
    const fetch = name === "ens6" ? imds.transport.fetch : never;
    const close = (): void => void closed.push(name);
    return { fetch, canConnect: null, tryConnect: async () => undefined, close };
  };
  const on = {
    ...imds.host,
    files: sysfs({ ens5: nic, ens6: nic, ens7: nic }),
    addresses: () => [5, 6, 7].map((at) => linkAddress(`ens${at}`, `10.0.${at}.10`)),
    http: { fetch: never, canConnect: null },
    bind,
  };
  const session = openSession(on, { ...usual, endpoints: ["http://169.254.169.254"] });
  expect(await session.get(["meta-data", "mac"])).toEqual(Buffer.from(mac));
  expect(session.stats()).toMatchObject({ interface: "ens6", through: "nic" });
  expect(closed).toEqual(["ens5"]);
  await session.close();
  expect(closed).toEqual(["ens5", "ens6"]);
});
