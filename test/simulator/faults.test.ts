import { expect, setDefaultTimeout, test } from "bun:test";
import { testLimitMs } from "../kit/basics/busy-machine.ts";
import { help } from "../../scripts/simulator/cli/help.ts";
import { read, takeToken } from "../kit/simulator/client.ts";
import type { Fault, FaultRule } from "../../scripts/simulator/faults/fault.ts";
import { type RawExchange, rawExchange } from "../kit/simulator/raw-exchange.ts";
import { startSimulator } from "../../scripts/simulator/start.ts";

setDefaultTimeout(testLimitMs);

const id = "i-0ec20000000000001";
/** A condition for `rawExchange` to end: the connection exists. */
const isConnected = () => true;

interface Case {
  readonly fault: Fault;
  /** How the connection ends after a request for `meta-data/instance-id`. */
  readonly end: RawExchange["end"];
  readonly head: string | RegExp;
  readonly body: string | RegExp;
}

// One row per kind of fault: the type makes a missing row an error.
const cases: { readonly [K in Exclude<Fault["kind"], "refuse" | "token-rejected">]: Case } = {
  status: {
    fault: { kind: "status", status: 503, headers: { "Retry-After": "1" }, body: "busy" },
    end: "open",
    head: /^HTTP\/1.1 503 Service Unavailable\r\n[^]*Retry-After: 1/,
    body: "busy",
  },
  hang: { fault: { kind: "hang" }, end: "open", head: "", body: "" },
  "hang-headers": {
    fault: { kind: "hang-headers" },
    end: "open",
    head: /^HTTP\/1.1 200 OK\r\n[^]*Content-Length: 19/,
    body: "",
  },
  reset: { fault: { kind: "reset" }, end: "reset", head: "", body: "" },
  close: { fault: { kind: "close" }, end: "fin", head: "", body: "" },
  slow: {
    fault: { kind: "slow", everyMs: 60_000, bytes: 100 },
    end: "open",
    // Only the first 100 bytes.
    head: /^HTTP\/1.1 200 OK\r\n[^]{83}$/,
    body: "",
  },
  delay: { fault: { kind: "delay", ms: 30 }, end: "open", head: /^HTTP\/1.1 200/, body: id },
  cut: {
    fault: { kind: "cut", bytes: 4 },
    end: "fin",
    head: /Content-Length: 19/,
    body: id.slice(0, 4),
  },
  "cut-chunked": {
    fault: { kind: "cut-chunked", bytes: 4 },
    end: "fin",
    head: /Transfer-Encoding: chunked/,
    body: "4\r\ni-0e\r\n",
  },
  garbage: { fault: { kind: "garbage", text: "\u0000junk" }, end: "fin", head: "\0junk", body: "" },
  oversized: {
    fault: { kind: "oversized", bytes: 50_000 },
    end: "fin",
    head: /Content-Length: 50000/,
    body: /^x{50000}$/,
  },
  redirect: {
    fault: { kind: "redirect", location: "http://192.0.2.1/" },
    end: "open",
    head: /^HTTP\/1.1 302 Found\r\n[^]*Location: http:\/\/192.0.2.1\//,
    body: /302/,
  },
  empty: {
    fault: { kind: "empty" },
    end: "open",
    head: /^HTTP\/1.1 200 OK\r\n[^]*Content-Length: 0/,
    body: "",
  },
};

/** Sends one raw request to a simulator with this fault rule; closes when it has the whole answer. */
async function requestWithFault(
  rule: FaultRule,
  isWhole: (text: string) => boolean,
): Promise<RawExchange> {
  const scenario = { faults: [rule], keepAlive: true };
  await using simulator = await startSimulator({ scenario });
  const token = await takeToken(simulator.url);
  const request = get("/latest/meta-data/instance-id", token);
  const seen = await rawExchange(simulator.url, request, (text) => {
    return simulator.requests.length > 1 && isWhole(text);
  });
  const [logged] = simulator.requests.slice(1);
  expect(logged?.fault).toBe(rule.fault.kind);
  return seen;
}

function get(path: string, token: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: imds\r\nX-aws-ec2-metadata-token: ${token}\r\n\r\n`;
}

function splitHead(text: string): readonly [string, string] {
  const at = text.indexOf("\r\n\r\n");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 4)];
}

function fits(text: string, expected: string | RegExp): boolean {
  return typeof expected === "string" ? text === expected : expected.test(text);
}

test.each(Object.entries(cases))("the client receives %s", async (_, each) => {
  const { fault, end, head, body } = each;
  const isWhole = (text: string) => {
    const [seenHead, seenBody] = splitHead(text);
    return end === "open" && fits(seenHead, head) && fits(seenBody, body);
  };
  const seen = await requestWithFault({ match: "GET *", fault }, isWhole);
  const [seenHead, seenBody] = splitHead(seen.text);
  expect(seen.end).toBe(end);
  for (const [text, expected] of [
    [seenHead, head],
    [seenBody, body],
  ] as const) {
    if (typeof expected === "string") expect(text).toBe(expected);
    else expect(text).toMatch(expected);
  }
});

test("--help describes every kind of fault", () => {
  for (const kind of [...Object.keys(cases), "refuse", "token-rejected"]) {
    expect(help).toMatch(new RegExp(`^  ${kind}[ ,]`, "m"));
  }
});

test("slow sends the complete reply, and the connection stays open", async () => {
  await using simulator = await startSimulator({ scenario: { keepAlive: true } });
  const token = await takeToken(simulator.url);
  simulator.addFault({ fault: { kind: "slow", everyMs: 1, bytes: 8 }, times: 1 });
  expect(await read(simulator.url, "meta-data/instance-id", token)).toBe(id);
  expect(await read(simulator.url, "meta-data/instance-id", token)).toBe(id);
  expect(simulator.connections).toBe(1);
  simulator.addFault({ fault: { kind: "slow", everyMs: 1, bytes: 100 } });
  const closing = get("/", token).replace("Host: imds", "Connection: close");
  expect((await rawExchange(simulator.url, closing)).end).toBe("fin");
});

test("oversized without bytes sends until the client closes the connection", async () => {
  await using simulator = await startSimulator();
  for (const framing of ["length", "chunked"] as const) {
    simulator.addFault({ fault: { kind: "oversized", framing }, times: 1 });
    const seen = await rawExchange(simulator.url, get("/", ""), ({ length }) => length >= 3e6);
    expect(seen.text.length).toBeGreaterThanOrEqual(3e6);
    expect(seen.text).toContain(framing === "length" ? "Content-Length: 9" : "chunked");
  }
  expect((await fetch(simulator.url)).status).toBe(401);
});

test("token-rejected with times 2: the first two tokens are rejected, the third is valid", async () => {
  const faults = [{ fault: { kind: "token-rejected" as const }, times: 2 }];
  await using simulator = await startSimulator({ scenario: { faults } });
  const answers = [];
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const token = await takeToken(simulator.url);
    answers.push(await read(simulator.url, "meta-data/instance-id", token));
  }
  expect(answers).toEqual(["401", "401", id]);
});

test("refuse closes the port for its time, and the same port opens again", async () => {
  await using simulator = await startSimulator();
  const openConnection = rawExchange(simulator.url, "");
  while (simulator.connections === 0) await Bun.sleep(1);
  const { url } = simulator;
  simulator.addFault({ fault: { kind: "refuse" }, forMs: 1000 });
  expect((await rawExchange(url, "")).end).toBe("refused");
  expect((await openConnection).end).toBe("reset");
  while ((await rawExchange(url, "", isConnected)).end !== "open") await Bun.sleep(5);
  expect(simulator.url).toBe(url);
  expect((await fetch(url)).status).toBe(401);
});

test("refuse can begin at the start or after a time", async () => {
  const faults: FaultRule[] = [
    { fault: { kind: "refuse" }, forMs: 1000 },
    { fault: { kind: "refuse" }, afterMs: 3000 },
  ];
  const startMs = performance.now();
  await using simulator = await startSimulator({ scenario: { faults } });
  const ends: RawExchange["end"][] = [];
  while (ends.at(-1) !== "refused" || !ends.includes("open")) {
    const { end } = await rawExchange(simulator.url, "", isConnected);
    if (end !== ends.at(-1) && end !== "reset") ends.push(end);
  }
  expect(ends).toEqual(["refused", "open", "refused"]);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(2999);
  await simulator.clearFaults();
  expect((await fetch(simulator.url)).status).toBe(401);
});

test("refusals can overlap, and clearFaults cancels planned ones", async () => {
  await using simulator = await startSimulator();
  simulator.addFault({ fault: { kind: "refuse" }, forMs: 20 });
  simulator.addFault({ fault: { kind: "refuse" }, forMs: 60_000 });
  await Bun.sleep(40);
  expect((await rawExchange(simulator.url, "")).end).toBe("refused");
  simulator.addFault({ fault: { kind: "refuse" }, afterMs: 20 });
  await simulator.clearFaults();
  await Bun.sleep(40);
  expect((await fetch(simulator.url)).status).toBe(401);
});
