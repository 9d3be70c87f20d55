import { expect, test } from "bun:test";
import { parseFault, parseRateLimit } from "../../scripts/simulator/cli/fault-argument.ts";
import { help } from "../../scripts/simulator/cli/help.ts";
import { parseListenAddress } from "../../scripts/simulator/cli/listen-argument.ts";
import { ParseError, parseJson } from "../../scripts/simulator/scenario/parse.ts";
import { scenarioSchema } from "../../scripts/simulator/scenario/scenario-schema.ts";

function parseErrorOf(value: unknown): string {
  try {
    parseJson(scenarioSchema, JSON.stringify(value));
  } catch (error) {
    if (error instanceof ParseError) return error.message;
    throw error;
  }
  return "";
}

test("the example scenario in --help is valid", () => {
  const start = help.indexOf('  {\n    "instanceId"');
  const text = help.slice(start, help.indexOf("\n  }\n", start) + 4);
  const scenario = parseJson(scenarioSchema, text);
  expect(scenario.userData).toEqual(new TextEncoder().encode("#!/bin/sh\n"));
  expect(scenario.enis?.[1]?.late?.["."]).toBe(3000);
  expect(scenario.faults?.[0]?.times).toBe(2);
});

test("--help fits into 80 columns", () => {
  expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test.each<[unknown, string]>([
  [{ enis: [{ device: 0, mac: "x" }] }, "enis.0.mac: expected a MAC address"],
  [{ enis: [{}] }, "enis.0.device: "],
  [{ faults: [{ fault: { kind: "status" } }] }, "faults.0.fault.status: "],
  [{ faults: [{ fault: { kind: "burn" } }] }, "faults.0.fault.kind: "],
  [{ faults: [{ fault: { kind: "refuse" }, times: 1 }] }, "faults.0.fault: refuse applies"],
  [{ late: { "a/b": "soon" } }, "late.a/b: expected milliseconds"],
  [{ changes: [{ afterMs: 1 }] }, "changes.0: expected exactly one of attach"],
  [{ set: { a: { b: 1 } } }, "set.a"],
  [{ userDataBase64: "%" }, "userDataBase64: "],
  [{ rateLimit: { perSecond: 1, answer: 500 } }, "rateLimit.answer: "],
  [{ colour: "red" }, "colour: "],
  [[], "expected an object, not a list"],
])("%j is rejected: %s", (value, message) => {
  expect(parseErrorOf(value)).toStartWith(message);
});

test("the message names all errors in a scenario", () => {
  expect(parseErrorOf({ enis: [{}], latencyMs: "x" }).split("\n")).toHaveLength(2);
});

test("--fault accepts fields or JSON", () => {
  expect(parseFault("status,status=503,match=PUT /latest/api/token,times=2")).toEqual({
    fault: { kind: "status", status: 503 },
    match: "PUT /latest/api/token",
    times: 2,
  });
  expect(parseFault('{"fault":{"kind":"hang"},"afterMs":5}')).toEqual({
    fault: { kind: "hang" },
    afterMs: 5,
  });
  expect(() => parseFault("slow")).toThrow("fault.everyMs");
});

test("--rate-limit accepts a number and fields", () => {
  expect(parseRateLimit("5")).toEqual({ perSecond: 5 });
  expect(parseRateLimit("5,answer=drop")).toEqual({ perSecond: 5, answer: "drop" });
  expect(() => parseRateLimit("many")).toThrow("perSecond");
});

test("--listen accepts an IPv4 or IPv6 address with a port", () => {
  expect(parseListenAddress("127.0.0.1:80")).toEqual({ host: "127.0.0.1", port: 80 });
  expect(parseListenAddress("[::1]:0")).toEqual({ host: "::1", port: 0 });
  for (const bad of ["80", "::1:80", "127.0.0.1", "127.0.0.1:65536", "[127.0.0.1]:1", "host:1"]) {
    expect(() => parseListenAddress(bad)).toThrow("expected ADDRESS:PORT");
  }
});
