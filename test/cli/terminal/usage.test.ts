import { expect, test } from "bun:test";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { runEc2nic } from "../../kit/program/run-ec2nic.ts";

/** `unit/cli/usage.test.ts` has all wrong command lines of the subcommands. */
const cases: readonly (readonly [args: readonly string[], ...texts: readonly string[]])[] = [
  [[], "no command given", "hint: ec2nic --help"],
  [[""], "no command given"],
  [["ftch"], "ftch: no such command", "did you mean ec2nic fetch?"],
  [["constructor"], "constructor: no such command"],
  [["__proto__"], "__proto__: no such command"],
  [["toString", "--help"], "toString: no such command"],
  [["-x"], "-x: flags come after the command"],
  [["--json", "fetch", "mac"], "--json: flags come after the command"],
  [["fetch", "mac", "--fromat", "json"], "--fromat", "did you mean --format?"],
  [["hotplug", "--from-dhcp"], "EC2NIC_DHCP_CLIENT is not set", "EC2NIC_DHCP_CLIENT=dhclient|"],
];

test.each(cases)("ec2nic %p exits with 64 and sends nothing", async (args, ...texts) => {
  const { code, text, stderr, connections } = await run(args);
  expect({ code, text, connections }).toEqual({ code: 64, text: "", connections: 0 });
  for (const each of texts) expect(stderr).toContain(each);
  expect(stderr).not.toMatch(/unexpected|TypeError|\bundefined\b|^\s+at /m);
});

// by itself, citty would interpret the --help of COMMAND, after `--`
test("--help after -- belongs to COMMAND", async () => {
  const { text } = await run(["fetch", "mac", "--", "echo", "--help", "--version"]);
  expect(text).toBe("--help --version\n");
});

test("--help works on a wrong command line", async () => {
  const { code, text, connections } = await run(["fetch", "--bogus", "--help"]);
  expect({ code, connections }).toEqual({ code: 0, connections: 0 });
  expect(text).toStartWith("Usage: ec2nic fetch");
});

/** Runs with an endpoint that answers, so that no run fails because of a missing one. */
async function run(args: readonly string[]) {
  await using simulator = await startSimulator();
  const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: simulator.url };
  const { code, text, stderr } = await runEc2nic({ args, env });
  return { code, text, stderr, connections: simulator.connections };
}
