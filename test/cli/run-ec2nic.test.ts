import { expect, test } from "bun:test";
import { guardEndpoints } from "../kit/program/endpoint-guard.ts";
import { runEc2nic } from "../kit/program/run-ec2nic.ts";

const refused: readonly { readonly args: string[]; readonly env?: Record<string, string> }[] = [
  { args: [] },
  { args: ["fetch"] },
  { args: ["fetch", "instance-id", "--bogus"] },
  { args: ["fetch", "--output", "--help"] },
  { args: ["fetch", "instance-id", "--", "--help"] },
  { args: ["fetch", "--endpoint"] },
  { args: ["fetch", "--endpoint", "http://169.254.169.254"] },
  { args: ["fetch", "--endpoint=http://[fd00:ec2::254]"] },
  { args: ["fetch", "--endpoint", "http://127.0.0.1:1", "--endpoint", "http://192.0.2.1"] },
  { args: ["fetch", "--endpoint", "https://127.0.0.1:1"] },
  { args: ["fetch", "--endpoint", "http://127.0.0.1.example.com"] },
  { args: ["fetch", "--endpoint", "http://127.0.0.1@192.0.2.1"] },
  { args: ["fetch", "--", "--endpoint", "http://127.0.0.1:1"] },
  { args: ["fetch"], env: { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv6" } },
  { args: ["fetch"], env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://169.254.169.254" } },
];

test.each(refused)(
  "runEc2nic refuses a run that could contact the real IMDS: %p",
  ({ args, env }) => {
    expect(() => runEc2nic({ args, ...(env && { env }) })).toThrow(/endpoint|loopback/);
  },
);

const allowed: readonly Parameters<typeof guardEndpoints>[0][] = [
  { args: ["--version"], env: {}, namespace: false },
  { args: ["fetch", "--help"], env: {}, namespace: false },
  { args: ["fetch"], env: {}, namespace: true },
  { args: ["fetch", "--endpoint", "http://127.0.0.1:1"], env: {}, namespace: false },
  { args: ["fetch", "--endpoint=http://[::1]:1/x"], env: {}, namespace: false },
  {
    args: ["fetch"],
    env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://localhost:1" },
    namespace: false,
  },
];

test.each(allowed)("guardEndpoints allows a run that cannot contact the real IMDS: %p", (run) => {
  expect(() => guardEndpoints(run)).not.toThrow();
});
