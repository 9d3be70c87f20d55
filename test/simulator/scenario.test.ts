import { expect, test } from "bun:test";
import { faultArgument, rateLimitArgument } from "../../scripts/simulator/cli/fault-argument.ts";
import { help } from "../../scripts/simulator/cli/help.ts";
import { listenArgument } from "../../scripts/simulator/cli/listen-argument.ts";
import { Misfit, parseJson } from "../../scripts/simulator/scenario/parse.ts";
import { scenarioSchema } from "../../scripts/simulator/scenario/scenario-schema.ts";

function misfit(value: unknown): string {
  try {
    parseJson(scenarioSchema, JSON.stringify(value));
  } catch (error) {
    if (error instanceof Misfit) return error.message;
    throw error;
  }
  return "";
}

test("the scenario that --help shows is one", () => {
  const start = help.indexOf('  {\n    "instanceId"');
  const text = help.slice(start, help.indexOf("\n  }\n", start) + 4);
  const scenario = parseJson(scenarioSchema, text);
  expect(scenario.userData).toEqual(new TextEncoder().encode("#!/bin/sh\n"));
  expect(scenario.enis?.[1]?.late?.["."]).toBe(3000);
  expect(scenario.faults?.[0]?.times).toBe(2);
});

test("help fits a terminal of 80 columns", () => {
  expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test.each<[unknown, string]>([
  [{ enis: [{ device: 0, mac: "x" }] }, "enis.0.mac: a MAC address"],
  [{ enis: [{}] }, "enis.0.device: "],
  [{ faults: [{ fault: { kind: "status" } }] }, "faults.0.fault.status: "],
  [{ faults: [{ fault: { kind: "burn" } }] }, "faults.0.fault.kind: "],
  [{ faults: [{ fault: { kind: "refuse" }, times: 1 }] }, "faults.0.fault: refuse strikes"],
  [{ late: { "a/b": "soon" } }, "late.a/b: milliseconds"],
  [{ changes: [{ afterMs: 1 }] }, "changes.0: one of attach"],
  [{ set: { a: { b: 1 } } }, "set.a"],
  [{ userDataBase64: "%" }, "userDataBase64: "],
  [{ rateLimit: { perSecond: 1, answer: 500 } }, "rateLimit.answer: "],
  [{ colour: "red" }, "colour: "],
  [[], "an object, not a list"],
])("%j: %s", (value, message) => {
  expect(misfit(value)).toStartWith(message);
});

test("two faults in a scenario are both named", () => {
  expect(misfit({ enis: [{}], latencyMs: "x" }).split("\n")).toHaveLength(2);
});

test("a fault on the command line", () => {
  expect(faultArgument("status,status=503,match=PUT /latest/api/token,times=2")).toEqual({
    fault: { kind: "status", status: 503 },
    match: "PUT /latest/api/token",
    times: 2,
  });
  expect(faultArgument('{"fault":{"kind":"hang"},"afterMs":5}')).toEqual({
    fault: { kind: "hang" },
    afterMs: 5,
  });
  expect(() => faultArgument("slow")).toThrow("fault.everyMs");
});

test("a rate limit on the command line", () => {
  expect(rateLimitArgument("5")).toEqual({ perSecond: 5 });
  expect(rateLimitArgument("5,answer=drop")).toEqual({ perSecond: 5, answer: "drop" });
  expect(() => rateLimitArgument("many")).toThrow("perSecond");
});

test("an address to listen on", () => {
  expect(listenArgument("127.0.0.1:80")).toEqual({ host: "127.0.0.1", port: 80 });
  expect(listenArgument("[::1]:0")).toEqual({ host: "::1", port: 0 });
  for (const bad of ["80", "::1:80", "127.0.0.1", "127.0.0.1:65536", "[127.0.0.1]:1", "host:1"]) {
    expect(() => listenArgument(bad)).toThrow("not an address");
  }
});
