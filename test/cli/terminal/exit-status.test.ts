import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { runEc2nic } from "../../kit/program/run-ec2nic.ts";
import { failingCommand, missingRoot, testUnless } from "../../kit/basics/skip.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

const refused: Scenario = { faults: [{ fault: { kind: "refuse" } }] };
const garbage: Scenario = { faults: [{ fault: { kind: "garbage" } }] };
const redirect: Scenario = {
  faults: [{ fault: { kind: "redirect", location: "http://127.0.0.1:1/" } }],
};
const throttled: Scenario = { faults: [{ fault: { kind: "status", status: 503 } }] };
const once = ["--retries", "0"];

interface Row {
  readonly status: number;
  readonly why: string;
  readonly args: readonly string[];
  readonly of?: Scenario;
  readonly env?: Readonly<Record<string, string>>;
  readonly message: string;
}

const rows: readonly Row[] = [
  { status: 0, why: "a value", args: ["mac"], message: "" },
  { status: 0, why: "a default", args: ["nope", "--default", "d"], message: "" },
  {
    status: 65,
    why: "a reply that is not HTTP",
    args: ["mac", ...once],
    of: garbage,
    message: "not HTTP",
  },
  { status: 65, why: "a redirect", args: ["mac"], of: redirect, message: "a redirect" },
  {
    status: 65,
    why: "a value that is not text, as json",
    args: ["profile", "--json"],
    of: { set: { profile: Uint8Array.of(0xff) } },
    message: "profile: its value is not text",
  },
  {
    status: 66,
    why: "a missing key",
    args: ["nope"],
    message: "nope: there is no such key",
  },
  {
    status: 66,
    why: "one missing key of two",
    args: ["mac", "no"],
    message: "no: there is no such key",
  },
  {
    status: 69,
    why: "refused connections",
    args: ["mac", ...once],
    of: refused,
    message: "connection refused",
  },
  {
    status: 69,
    why: "throttling",
    args: ["mac", ...once],
    of: throttled,
    message: "503, throttled",
  },
  {
    status: 73,
    why: "--output to a folder",
    args: ["mac", "--output", "."],
    message: ".: not a regular file",
  },
  { status: 78, why: "disabled IMDS", args: ["mac"], of: { disabled: true }, message: "403" },
  {
    status: 78,
    why: "AWS_EC2_METADATA_DISABLED",
    args: ["mac"],
    env: { AWS_EC2_METADATA_DISABLED: "true" },
    message: "because AWS_EC2_METADATA_DISABLED is true",
  },
];

test.each(rows)(
  "fetch exits with $status after $why",
  async ({ status, args, of = {}, env = {}, message }) => {
    const { code, text, stderr } = await fetchOnce(of, args, { env });
    expect(code).toBe(status);
    if (status === 0) expect([stderr, text === ""]).toEqual(["", false]);
    else expect([stderr.startsWith("ec2nic: "), text]).toEqual([true, ""]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("unexpected");
  },
);

const asOrdinaryUser = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];

const testAsUser = testUnless(missingRoot() ?? failingCommand(...asOrdinaryUser, "true"));

testAsUser("fetch --output exits with 77 if the user may not write the file", async () => {
  using folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  const args = ["mac", "--output", join(folder.path, "id")];
  const { code, stderr } = await fetchOnce({}, args, { around: asOrdinaryUser });
  expect(code).toBe(77);
  expect(stderr).toContain("could not be written: permission denied");
});

for (const [command, ...more] of [
  ["activate"],
  ["hotplug sync"],
  ["hotplug add", "--nic", "ens6"],
] as const) {
  testAsUser(`${command} exits with 77 for an ordinary user and sends no request`, async () => {
    const { code, stderr, requests } = await runAsUser([...command.split(" "), ...more]);
    expect({ code, requests }).toEqual({ code: 77, requests: 0 });
    expect(stderr).toContain(`${command} writes below /etc and needs root`);
    expect(stderr).toContain("hint: run it with sudo");
  });
}

for (const flag of ["--dry-run", "--check"]) {
  testAsUser(`an ordinary user may run activate ${flag}`, async () => {
    const { code, requests } = await runAsUser(["activate", flag]);
    expect(code).not.toBe(77);
    expect(requests).toBeGreaterThan(0);
  });
}

async function runAsUser(argv: readonly string[]) {
  await using simulator = await startSimulator({ scenario: {} });
  const args = [...argv, "--endpoint", simulator.url];
  const { code, stderr } = await runEc2nic({ args, around: asOrdinaryUser });
  return { code, stderr, requests: simulator.requests.length };
}
