import { describe, expect, test } from "bun:test";
import { findLeaks } from "../kit/fuzz/campaign.ts";
import type { RawRequest } from "../kit/fuzz/fuzz-server.ts";
import { fuzzService } from "../kit/fuzz/fuzz-service.ts";
import { findForeignContent } from "../kit/fuzz/foreign-content.ts";
import { goldenCases, planGoldenCase } from "../kit/files/golden-case.ts";
import { choiceOf } from "../kit/facts/choices.ts";
import { backends } from "../../src/model/plan.ts";

const head = "# written by ec2nic, and written again at its next run\n";
const networkd = "/etc/systemd/network/60-ec2nic-06aabbccdd01.network";
const networkManager = "/etc/NetworkManager/system-connections/ec2nic-06aabbccdd01.nmconnection";
const netplan = "/etc/netplan/60-ec2nic-06aabbccdd01.yaml";

const findings = (path: string, content: string, mode = 0o600) =>
  findForeignContent({ path, content, mode, mac: null });

describe("the reader that accepts only keys which ec2nic writes", () => {
  test.each([
    [networkd, "[Match]\nMACAddress=06:aa:bb:cc:dd:01\nName=*\n"],
    [networkd, "[Network]\nDHCP=ipv4\nDNS=10.0.0.2\n"],
    [networkd, "[Service]\nExecStart=/bin/sh\n"],
    [networkd, "[Address]\nAddress=10.0.1.10/24 # x\n"],
    [networkd, "# eni-1\n[Match]\n"],
    [networkManager, "[connection]\nid=ec2nic-06aabbccdd01\npermissions=user:eve\n"],
    [networkManager, "[ipv4]\nroute1=10.0.0.0/24,10.0.1.1,5\n"],
    [netplan, "network:\n  version: 2\n  wifis: {}\n"],
    [netplan, 'network:\n  ethernets:\n    a:\n      evil: "yes"\n'],
    [netplan, "network:\n  ethernets: {}\n# eni-x: y\n"],
    ["/etc/netplan/60-ec2nic-../../shadow.yaml", "network: {}\n"],
    ["/etc/passwd", ""],
  ])("rejects %s with %p", (path, content) => {
    expect(findings(path, head + content)).not.toEqual([]);
  });

  test("rejects a file that other users may write", () => {
    expect(findings(networkd, head, 0o666)).not.toEqual([]);
    expect(findings(networkd, head, 0o644)).toEqual([]);
  });

  test("accepts every file that is rendered for a golden case", async () => {
    for (const golden of await goldenCases()) {
      const choices = [
        ...backends.map((backend) => choiceOf(backend)),
        choiceOf("netplan", "NetworkManager"),
      ];
      for (const choice of choices) {
        const { write } = await planGoldenCase(golden, "/no/such/root", choice);
        expect(write.flatMap(findForeignContent)).toEqual([]);
      }
    }
  });
});

describe("the fuzz service checks the requests", () => {
  const headers = { host: "imds", "x-aws-ec2-metadata-token": "token" };
  const macs = "/latest/meta-data/network/interfaces/macs/";
  const faultsAfter = (...requests: readonly Partial<RawRequest>[]): readonly string[] => {
    const plan = {
      seed: 1,
      group: "body",
      rate: 0,
      below: "",
      host: "imds",
      trap: "http://trap",
    } as const;
    const service = fuzzService({ ...plan, allowed: ["meta-data/mac", macs.slice(8, -1)] });
    for (const request of requests) {
      service.answer({
        method: "GET",
        target: "/latest/meta-data/mac",
        headers,
        fault: null,
        ...request,
      });
    }
    return service.faults;
  };

  test("accepts a token request, the requested key, and listed paths", () => {
    const token = { method: "PUT", target: "/latest/api/token", headers: { host: "imds" } };
    const listed = { target: `${macs}06:ec:2a:00:00:00/` };
    expect(faultsAfter(token, {}, { target: macs }, listed)).toEqual([]);
  });

  test.each<[string, Partial<RawRequest>]>([
    ["a request to another host", { headers: { ...headers, host: "evil" } }],
    ["a request without a token", { headers: { host: "imds" } }],
    ["a path that was not listed", { target: "/latest/user-data" }],
    ["a folder that was not listed", { target: `${macs}06:ec:2a:00:00:00/` }],
    ["a path with ..", { target: "/latest/meta-data/../user-data" }],
    ["a PUT of a key", { method: "PUT" }],
    ["bytes that are not an HTTP request", { fault: "X: \u0000" }],
    ["a token in a request for a token", { method: "PUT", target: "/latest/api/token" }],
  ])("reports %s", (_, request) => {
    expect(faultsAfter(request)).toHaveLength(1);
  });
});

test("findLeaks reports memory and descriptors that grow from the first fifth to the last", () => {
  const usage = (rssMb: number, descriptors = 20) => ({ rssMb, descriptors });
  const all = (from: number, to: number) =>
    Array.from({ length: 50 }, (_, at) => usage(from + ((to - from) * at) / 49));
  expect(findLeaks(all(100, 110))).toEqual([]);
  expect(findLeaks(all(100, 400))).toHaveLength(1);
  expect(findLeaks(Array.from({ length: 50 }, (_, at) => usage(100, 20 + at)))).toHaveLength(1);
});
