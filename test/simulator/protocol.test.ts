import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { read, takeToken } from "../kit/simulator/client.ts";
import { rawExchange } from "../kit/simulator/raw-exchange.ts";
import type { Simulator } from "../../scripts/simulator/simulator.ts";
import { startSimulator } from "../../scripts/simulator/start.ts";

const tokenHeader = "X-aws-ec2-metadata-token";
let simulator: Simulator;
let nowMs = 0;
let token = "";

beforeAll(async () => {
  const scenario = {
    enis: [{ device: 0 }, { device: 1 }],
    userData: new Uint8Array([0, 255, 10]),
    set: { "tags/instance": { "a/b c": "slash", "": "nameless" } },
  };
  simulator = await startSimulator({ scenario, nowMs: () => nowMs });
  token = await takeToken(simulator.url, 21600);
});
afterAll(() => simulator.stop());

function request(method: string, path: string, headers: Record<string, string>): Promise<Response> {
  return fetch(simulator.url + path, { method, headers, redirect: "manual" });
}

function get(path: string): Promise<Response> {
  return request("GET", path, { [tokenHeader]: token });
}

describe("a token", () => {
  const cases: Array<{ title: string; headers: Record<string, string>; status: number }> = [
    { title: "a TTL of 1", headers: { ttl: "1" }, status: 200 },
    { title: "a TTL of 21600", headers: { ttl: "21600" }, status: 200 },
    { title: "a TTL of 0", headers: { ttl: "0" }, status: 400 },
    { title: "a TTL of 21601", headers: { ttl: "21601" }, status: 400 },
    { title: "a TTL that is not a number", headers: { ttl: "1h" }, status: 400 },
    { title: "no TTL", headers: {}, status: 400 },
    {
      title: "a request through a proxy",
      headers: { ttl: "60", "X-Forwarded-For": "10.0.0.1" },
      status: 403,
    },
  ];
  test.each(cases)(
    "$title is answered with $status",
    async ({ headers: { ttl, ...rest }, status }) => {
      const ttlHeader = ttl === undefined ? {} : { "X-aws-ec2-metadata-token-ttl-seconds": ttl };
      const response = await request("PUT", "/latest/api/token", { ...ttlHeader, ...rest });
      expect(response.status).toBe(status);
      const replyTtl = response.headers.get("x-aws-ec2-metadata-token-ttl-seconds");
      expect(replyTtl).toBe(status === 200 ? (ttl ?? null) : null);
    },
  );

  test("each request gets a new token, and all tokens are valid", async () => {
    const other = await takeToken(simulator.url);
    expect(other).not.toBe(token);
    expect(other).toHaveLength(56);
    expect(await read(simulator.url, "meta-data/mac", other)).toBe("06:ec:2a:00:00:00");
    expect(await read(simulator.url, "meta-data/mac", token)).toBe("06:ec:2a:00:00:00");
  });

  test("a token expires at its TTL", async () => {
    const short = await takeToken(simulator.url, 2);
    nowMs += 1999;
    expect(await read(simulator.url, "meta-data/mac", short)).not.toBe("401");
    nowMs += 1;
    expect(await read(simulator.url, "meta-data/mac", short)).toBe("401");
  });

  test("a GET without a token or with a wrong one is answered with 401", async () => {
    expect((await request("GET", "/latest/meta-data/mac", {})).status).toBe(401);
    expect(await read(simulator.url, "meta-data/mac", "AQAEA")).toBe("401");
  });

  test("expireTokens makes all tokens invalid", async () => {
    await using other = await startSimulator();
    const first = await takeToken(other.url);
    other.expireTokens();
    expect(await read(other.url, "meta-data/mac", first)).toBe("401");
  });
});

test.each([
  ["POST", "/latest/meta-data/mac"],
  ["PUT", "/latest/meta-data/mac"],
  ["DELETE", "/latest/user-data"],
  ["GET", "/latest/api/token"],
])("%s %s is answered with 405", async (method, path) => {
  const response = await request(method, path, { [tokenHeader]: token });
  expect(response.status).toBe(405);
});

test("an error has EC2's HTML page as its body", async () => {
  const response = await get("/latest/meta-data/nothing");
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("text/html");
  expect(await response.text()).toContain("<title>404 - Not Found</title>");
});

test("a value is plain text from EC2ws, without a trailing newline", async () => {
  const response = await get("/latest/meta-data/instance-id");
  expect(response.headers.get("server")).toBe("EC2ws");
  expect(response.headers.get("content-type")).toBe("text/plain");
  expect(await response.text()).toBe("i-0ec20000000000001");
});

test("HEAD has the headers of GET and no body", async () => {
  const line = "HEAD /latest/meta-data/instance-id HTTP/1.1";
  const request = `${line}\r\n${tokenHeader}: ${token}\r\n\r\n`;
  const seen = await rawExchange(simulator.url, request, (text) => text.includes("\r\n\r\n"));
  expect(seen.text).toStartWith("HTTP/1.1 200 OK");
  expect(seen.text).toContain("Content-Length: 19");
  expect(seen.text).toEndWith("\r\n\r\n");
});

test("missing user-data is a 404 and is not listed", async () => {
  await using bare = await startSimulator();
  const other = await takeToken(bare.url);
  expect(await read(bare.url, "user-data", other)).toBe("404");
  expect(await read(bare.url, "", other)).toBe("dynamic\nmeta-data");
});

test.each([
  ["/latest/", "dynamic\nmeta-data\nuser-data"],
  ["/latest/dynamic/", "instance-identity/"],
  ["/latest/meta-data/network/interfaces/macs", "06:ec:2a:00:00:00/\n06:ec:2a:00:00:01/"],
  ["/latest/meta-data/network/interfaces/macs/", "06:ec:2a:00:00:00/\n06:ec:2a:00:00:01/"],
  ["/latest/meta-data/public-keys/", "0=my-key"],
  ["/latest/meta-data/public-keys/0/", "openssh-key"],
  ["/latest/meta-data/network/interfaces/macs/06:ec:2a:00:00:01/device-number", "1"],
  ["/2019-10-01/meta-data/instance-id", "i-0ec20000000000001"],
  ["/2021-01-03/meta-data/instance-id", "i-0ec20000000000001"],
  ["/2021-07-15/meta-data/instance-id", "i-0ec20000000000001"],
  ["/2021-03-23/meta-data/instance-id", "i-0ec20000000000001"],
  ["/latest/meta-data/tags/instance/a%2Fb%20c", "slash"],
])("GET %s", async (path, text) => {
  expect(await (await get(path)).text()).toBe(text);
});

// boto #817, ansible #45313: every client sends colons; whether EC2 decodes %3A is unknown
test.each(["06%3Aec%3A2a%3A00%3A00%3A01", "06%3aec:2a:00:00:01", "%6d"])(
  "a needless escape is a 404: %s",
  async (name) => {
    expect((await get(`/latest/meta-data/network/interfaces/macs/${name}/mac`)).status).toBe(404);
  },
);

test("with decodeEscapes, an escaped colon is a colon", async () => {
  await using other = await startSimulator({ scenario: { decodeEscapes: true } });
  const macs = "meta-data/network/interfaces/macs";
  const owned = await takeToken(other.url);
  expect(await read(other.url, `${macs}/06%3Aec%3A2a%3A00%3A00%3A00/device-number`, owned)).toBe(
    "0",
  );
});

// titus-executor #633
test("a reply has the headers of EC2: the connection is closed, and no ranges", async () => {
  const lines = `GET /latest/meta-data/mac HTTP/1.1\r\n${tokenHeader}: ${token}\r\n\r\n`;
  const seen = await rawExchange(simulator.url, lines);
  expect(seen.end).toBe("fin");
  const date = String.raw`\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT`;
  for (const header of ["Server: EC2ws", "Connection: close", "Accept-Ranges: none"]) {
    expect(seen.text).toContain(`\r\n${header}\r\n`);
  }
  expect(seen.text).toMatch(new RegExp(`\\r\\nLast-Modified: ${date}\\r\\n`));
});

// kube2iam #270
test.each([
  ["GET", "/latest/meta-data/mac"],
  ["PUT", "/latest/api/token"],
])("%s %s through a proxy is a 403", async (method, path) => {
  const headers = { [tokenHeader]: token, "X-Forwarded-For": "10.0.0.1" };
  expect((await request(method, path, headers)).status).toBe(403);
  await using proxied = await startSimulator({ scenario: { proxy: true } });
  expect((await fetch(proxied.url + path, { method })).status).toBe(403);
});

test("the root lists the versions, and an unknown version is a 404", async () => {
  const listed = (await (await get("/")).text()).split("\n");
  expect([listed[0], listed.at(-1)]).toEqual(["1.0", "latest"]);
  expect(listed).toEqual(expect.arrayContaining(["2018-09-24", "2019-10-01", "2021-07-15"]));
  expect((await get("/1999-01-01/meta-data/")).status).toBe(404);
});

test("with httpTokens optional, IMDSv1 works, but a wrong token is still a 401", async () => {
  await using imdsV1 = await startSimulator({ scenario: { httpTokens: "optional" } });
  expect((await fetch(`${imdsV1.url}/latest/meta-data/mac`)).status).toBe(200);
  expect(await read(imdsV1.url, "meta-data/mac", "wrong")).toBe("401");
});

test("with disabled true, every request is a 403, also for a token", async () => {
  await using disabled = await startSimulator({ scenario: { disabled: true } });
  const headers = { "X-aws-ec2-metadata-token-ttl-seconds": "60" };
  const put = await fetch(`${disabled.url}/latest/api/token`, { method: "PUT", headers });
  expect(put.status).toBe(403);
  expect((await fetch(`${disabled.url}/latest/meta-data/`)).status).toBe(403);
});
