import { expect, test } from "bun:test";
import { read, takeToken } from "../kit/simulator/client.ts";
import { answers, rawExchange } from "../kit/simulator/raw-exchange.ts";
import { until } from "../kit/basics/until.ts";
import { startSimulator } from "../../scripts/simulator/start.ts";

const get = "GET / HTTP/1.1\r\nHost: imds\r\n\r\n";

test("two requests in one packet are answered in order on one connection", async () => {
  await using simulator = await startSimulator({ scenario: { keepAlive: true } });
  const { text } = await rawExchange(simulator.url, get + get, answers(2));
  expect(text.match(/HTTP\/1.1 401/g)).toHaveLength(2);
  expect(simulator.requests.map(({ connection }) => connection)).toEqual([1, 1]);
});

test("the connection ends after a reply to Connection: close or HTTP/1.0, otherwise it stays open", async () => {
  await using simulator = await startSimulator({ scenario: { keepAlive: true } });
  const closing = get.replace("Host: imds", "Connection: close");
  expect((await rawExchange(simulator.url, closing)).end).toBe("fin");
  expect((await rawExchange(simulator.url, get.replace("1.1", "1.0"))).end).toBe("fin");
  expect((await rawExchange(simulator.url, get, answers(1))).end).toBe("open");
});

test("by default, every reply has Connection: close and ends the connection", async () => {
  await using simulator = await startSimulator();
  const seen = await rawExchange(simulator.url, get);
  expect(seen.end).toBe("fin");
  expect(seen.text).toContain("Connection: close");
});

test.each([
  ["a line that is not HTTP", "hello\r\n\r\n"],
  ["a target without a slash", "GET latest HTTP/1.1\r\n\r\n"],
  ["a header without a colon", "GET / HTTP/1.1\r\nhello\r\n\r\n"],
  ["a chunked body", "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["a negative length", "PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"],
  ["an endless header", `GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}`],
])("%s is answered with 400 and FIN", async (_, bytes) => {
  await using simulator = await startSimulator();
  const seen = await rawExchange(simulator.url, bytes);
  expect(seen.text).toStartWith("HTTP/1.1 400 ");
  expect(seen.end).toBe("fin");
  expect(simulator.requests).toHaveLength(0);
});

test("maxInFlight and maxConnections are the highest counts at the same time", async () => {
  const faults = [{ fault: { kind: "delay" as const, ms: 1000 }, times: 3 }];
  await using simulator = await startSimulator({ scenario: { faults } });
  await Promise.all([1, 2, 3].map(() => fetch(simulator.url)));
  expect(simulator.maxInFlight).toBe(3);
  expect(simulator.maxConnections).toBe(3);
  await fetch(simulator.url);
  expect(simulator.maxInFlight).toBe(3);
  simulator.clearRequests();
  await fetch(simulator.url);
  expect(simulator.maxInFlight).toBe(1);
  expect(simulator.requests).toHaveLength(1);
});

test.each(["hang", "oversized"] as const)(
  "%s: the request is in flight until the client closes the connection",
  async (kind) => {
    await using simulator = await startSimulator();
    simulator.addFault({ fault: { kind }, times: 1 });
    let isCounted = false;
    const seen = rawExchange(simulator.url, get, () => isCounted);
    while (simulator.requests.length === 0) await Bun.sleep(1);
    simulator.clearRequests();
    expect(simulator.maxInFlight).toBe(1);
    isCounted = true;
    await seen;
    await until("no request is in flight", () => {
      simulator.clearRequests();
      return simulator.maxInFlight === 0;
    });
  },
);

test("requests lists each request with its status and token", async () => {
  await using simulator = await startSimulator();
  const token = await takeToken(simulator.url);
  await read(simulator.url, "meta-data/a%20b?c", token);
  expect(simulator.requests).toMatchObject([
    { method: "PUT", path: "/latest/api/token", status: 200, fault: null, tokenOk: false },
    { method: "GET", path: "/latest/meta-data/a b", status: 404, tokenOk: true, from: "127.0.0.1" },
  ]);
  expect(simulator.requests[1]?.headers["x-aws-ec2-metadata-token"]).toBe(token);
  expect(simulator.count("GET /latest/*")).toBe(1);
});

test("startSimulator rejects if an address is in use, and closes the others", async () => {
  await using simulator = await startSimulator();
  const stopped = await startSimulator();
  const [usedAddress, freeAddress] = [simulator, stopped].map(({ url }) => {
    return { host: "127.0.0.1", port: Number(new URL(url).port) };
  });
  await stopped.stop();
  if (usedAddress === undefined || freeAddress === undefined) throw new Error("no ports");
  await expect(startSimulator({ listen: [freeAddress, usedAddress] })).rejects.toThrow(
    "EADDRINUSE",
  );
  expect((await rawExchange(stopped.url, "")).end).toBe("refused");
});

// aws-ec2-imdsv2-get #6: IMDS answers over IPv6 only if this is enabled
test("by default, the simulator does not listen on IPv6 addresses", async () => {
  const listen = ["127.0.0.1", "::1"].map((host) => ({ host, port: 0 }));
  await using simulator = await startSimulator({ listen });
  expect(simulator.urls).toEqual([expect.stringContaining("127.0.0.1")]);
});
