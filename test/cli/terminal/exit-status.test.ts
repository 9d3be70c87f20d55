import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Fault } from "../../../scripts/simulator/faults/fault.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { runEc2nic } from "../../kit/program/run-ec2nic.ts";
import { failingCommand, missingRoot, testUnless } from "../../kit/basics/skip.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

const all = (fault: Fault): Scenario => ({ faults: [{ fault }] });
const once = ["mac", "--retries", "0"];

/** `unit/commands/fetch` has all reasons; these have an exit status each. */
test.each<[status: number, args: readonly string[], of: Scenario, message: string]>([
  [0, ["nope", "--default", "d"], {}, ""],
  [65, once, all({ kind: "garbage" }), "not HTTP"],
  [66, ["mac", "no"], {}, "no: there is no such key"],
  [69, once, all({ kind: "refuse" }), "connection refused"],
  [73, ["mac", "--output", "."], {}, ".: not a regular file"],
  [78, ["mac"], { disabled: true }, "403"],
])("fetch exits with %d: %p", async (status, args, of, message) => {
  const { code, text, stderr } = await fetchOnce(of, args);
  expect({ code, text }).toEqual({ code: status, text: status === 0 ? "d\n" : "" });
  expect(stderr).toMatch(status === 0 ? /^$/ : /^ec2nic: /);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain("unexpected");
});

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
