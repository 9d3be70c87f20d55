import { expect, test } from "bun:test";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { runEc2nic } from "../../kit/program/run-ec2nic.ts";

interface Case {
  readonly args: readonly string[];
  readonly texts: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  { args: [], texts: ["no command given", "hint: ec2nic --help"] },
  { args: ["ftch"], texts: ["ftch: no such command", "did you mean ec2nic fetch?"] },
  { args: ["constructor"], texts: ["constructor: no such command"] },
  { args: ["__proto__"], texts: ["__proto__: no such command"] },
  { args: ["toString", "--help"], texts: ["toString: no such command"] },
  { args: ["-x"], texts: ["-x: flags come after the command"] },
  { args: ["--json", "fetch", "mac"], texts: ["--json: flags come after the command"] },
  { args: [""], texts: ["no command given"] },
  { args: ["fetch", "mac", "--fromat", "env"], texts: ["--fromat", "did you mean --format?"] },
  { args: ["fetch", "mac", "--quite"], texts: ["no flag --quite", "did you mean --quiet?"] },
  { args: ["fetch", "mac", "--zzz"], texts: ["no flag --zzz", "ec2nic fetch --help"] },
  { args: ["fetch", "mac", "-z"], texts: ["no flag -z"] },
  { args: ["fetch", "mac", "-vz"], texts: ["no flag -z"] },
  { args: ["fetch", "mac", "--no-wait"], texts: ["no flag --no-wait"] },
  { args: ["fetch", "mac", "--__proto__"], texts: ["no flag --__proto__"] },
  { args: ["fetch", "mac", "--constructor=x"], texts: ["no flag --constructor"] },
  { args: ["fetch", "mac", "--json=no"], texts: ["--json takes no value"] },
  { args: ["fetch", "mac", "--wait=true"], texts: ["--wait takes no value"] },
  { args: ["fetch", "mac", "--output", "--json"], texts: ["--output needs a value", "FILE"] },
  { args: ["fetch", "mac", "--output"], texts: ["--output needs a value: --output FILE"] },
  { args: ["fetch", "mac", "--default"], texts: ["--default needs a value: --default VALUE"] },
  { args: ["fetch", "mac", "--format"], texts: ["--format needs a value", "text|json|env"] },
  { args: ["fetch", "mac", "--format", "xml"], texts: ["xml", "text, json, env"] },
  { args: ["fetch", "mac", "--format", "JSON"], texts: ["JSON", "text, json, env"] },
  { args: ["fetch", "mac", "--log-format", "xml"], texts: ["xml", "text, json"] },
  { args: ["fetch", "mac", "--json", "--format", "env"], texts: ["--json and --format env"] },
  { args: ["fetch", "mac", "--timeout", "5"], texts: ['"5" is not a duration', "10s"] },
  { args: ["fetch", "mac", "--timeout", "0s"], texts: ["0s leaves no time at all"] },
  { args: ["fetch", "mac", "--timeout=-1s"], texts: ['"-1s" is not a duration'] },
  { args: ["fetch", "mac", "--timeout", "1e3s"], texts: ["is not a duration"] },
  { args: ["fetch", "mac", "--timeout", "25h"], texts: ["is more than a day"] },
  { args: ["fetch", "mac", "--max-age", "soon"], texts: ['--max-age: "soon" is not a duration'] },
  { args: ["fetch", "mac", "--retries", "x"], texts: ['--retries: "x"', "0 means one try"] },
  { args: ["fetch", "mac", "--retries", "1.5"], texts: ['--retries: "1.5"'] },
  { args: ["fetch", "mac", "--retries=-1"], texts: ['--retries: "-1"'] },
  { args: ["fetch", "mac", "--retries", ""], texts: ["--retries"] },
  {
    args: ["fetch", ""],
    texts: ["the key is empty", "is a variable of the calling script empty?"],
  },
  { args: ["fetch", "mac", ""], texts: ["the key is empty"] },
  { args: ["fetch", ".."], texts: ["would leave its folder"] },
  { args: ["fetch", "placement/../iam"], texts: ["would leave its folder"] },
  { args: ["fetch", "a//b"], texts: ["is an empty name"] },
  { args: ["fetch", "//mac"], texts: ["is an empty name"] },
  { args: ["fetch", "a\nb"], texts: ["holds a control character"] },
  { args: ["fetch", "tags/\u007f"], texts: ["holds a control character"] },
  { args: ["fetch", "x".repeat(513)], texts: ["is too long"] },
  {
    args: ["fetch", "mac", "ami-id", "--format", "text"],
    texts: ["several keys", "--format json"],
  },
  { args: ["fetch", "placement", "--format", "text"], texts: ["not the folder placement"] },
  { args: ["fetch", "mac", "--interface", ""], texts: ["--interface", "is a variable"] },
  { args: ["fetch", "mac", "--interface", "a/b"], texts: ['"a/b" can\'t be the name of a NIC'] },
  { args: ["fetch", "mac", "--interface", "ens5"], texts: ["127.0.0.1:", "is on this machine"] },
  { args: ["activate", "--check", "--dhcp"], texts: ["--check can't be combined with --dhcp"] },
  { args: ["activate", "--dry-run", "--dhcp"], texts: ["--dry-run can't be combined with --dhcp"] },
  { args: ["probe-nics", "ens5"], texts: ["takes no arguments", "--interface ens5"] },
  { args: ["probe-nics", "--interface", "a b"], texts: ["can't be the name of a NIC"] },
  { args: ["hotplug", "plug"], texts: ['no action "plug"', "hotplug [add|remove|sync]"] },
  { args: ["hotplug", "add", "ens6"], texts: ['but got "ens6"'] },
  { args: ["hotplug", "add", "--install"], texts: ["hotplug add and --install can't be combined"] },
  { args: ["hotplug", "--install", "--uninstall"], texts: ["--install and --uninstall can't be"] },
  { args: ["hotplug", "sync", "--from-dhcp"], texts: ["hotplug sync and --from-dhcp can't be"] },
  { args: ["hotplug", "remove", "--settle", "1s"], texts: ["--settle is only for hotplug add"] },
  {
    args: ["hotplug", "sync", "--nic", "ens6"],
    texts: ["--nic is only for hotplug add or remove"],
  },
  {
    args: ["hotplug", "add", "--nic", ""],
    texts: ["--nic: the value is empty", "is a variable of"],
  },
  {
    args: ["hotplug", "--install", "--nic", "ens6"],
    texts: ["--nic is only for hotplug add or remove"],
  },
  { args: ["hotplug", "--install", "--root", ""], texts: ["--root: the value is empty"] },
  {
    args: ["hotplug", "--install", "--timeout", "9s"],
    texts: ["--timeout has no effect with --in"],
  },
  { args: ["hotplug", "--install", "--dhcp"], texts: ["--dhcp has no effect with --install"] },
  {
    args: ["hotplug", "--uninstall", "--stage", "local"],
    texts: ["--stage has no effect with --un"],
  },
  {
    args: ["hotplug", "--from-dhcp", "--root", "/x"],
    texts: ["--root has no effect with --from-d"],
  },
  {
    args: ["hotplug", "--from-dhcp"],
    texts: ["EC2NIC_DHCP_CLIENT is not set", "EC2NIC_DHCP_CLIENT=dhclient|"],
  },
  { args: ["fetch", "mac", "--"], texts: ["there is no command after --", "-- COMMAND"] },
  {
    args: ["fetch", "mac", "--output", "f", "--", "true"],
    texts: ["--output, --format or --json"],
  },
  {
    args: ["fetch", "mac", "--format", "env", "--", "true"],
    texts: ["--output, --format or --json"],
  },
  { args: ["fetch", "mac", "--json", "--", "true"], texts: ["--output, --format or --json"] },
  {
    args: ["fetch", "mac"],
    env: { AWS_METADATA_SERVICE_TIMEOUT: "x" },
    texts: ["_TIMEOUT", '"x"'],
  },
  { args: ["fetch", "mac"], env: { AWS_METADATA_SERVICE_TIMEOUT: "0" }, texts: ["more than 0"] },
  { args: ["fetch", "mac"], env: { AWS_METADATA_SERVICE_NUM_ATTEMPTS: "0" }, texts: ["1 or more"] },
];

// each run has a working endpoint, so that no case fails because of a missing one
test.each(cases)(
  "ec2nic rejects a wrong command line with 64: $args $env",
  async ({ args, env = {}, texts }) => {
    await using simulator = await startSimulator();
    const withEndpoint = { AWS_EC2_METADATA_SERVICE_ENDPOINT: simulator.url, ...env };
    const { code, text, stderr } = await runEc2nic({ args, env: withEndpoint });
    expect({ code, text }).toEqual({
      code: 64,
      text: isEnv(args) ? "(exit 64)\n" : "",
    });
    for (const each of texts) expect(stderr).toContain(each);
    expect(stderr).not.toMatch(/unexpected|TypeError|\bundefined\b|^\s+at /m);
    // a long argument makes a line longer, and a hint to be pasted is never wrapped
    const hasLongArgument = args.some((arg) => arg.length > 60 || arg.startsWith("-v"));
    const messages = stderr.split("\n").filter((line) => !line.startsWith("ec2nic: hint: "));
    if (!hasLongArgument) for (const line of messages) expect(line.length).toBeLessThanOrEqual(80);
    const needsMetadata = texts.some(
      (each) => each.includes("the folder") || each.includes("several"),
    );
    if (!needsMetadata) expect(simulator.connections).toBe(0);
  },
);

/** Whether the output is meant for `eval "$(…)"`, also if the format or its flag is misspelt. */
function isEnv(args: readonly string[]): boolean {
  const at = args.indexOf("--format");
  const format = at < 0 ? undefined : args[at + 1];
  return args.includes("env") || (format !== undefined && !["text", "json"].includes(format));
}

const badEndpoints: readonly (readonly [string, string])[] = [
  ["ftp://127.0.0.1", "is not http"],
  ["https://127.0.0.1", "is not http"],
  ["127.0.0.1:80", "is not a URL"],
  ["", "is not a URL"],
  ["http://", "is not a URL"],
  ["http://u:p@127.0.0.1", "holds credentials"],
  ["http://127.0.0.1/?a=b", "has a query or a fragment"],
  ["http://127.0.0.1/#a", "has a query or a fragment"],
  ["http://127.0.0.1:99999", "is not a URL"],
];

test.each(badEndpoints)("fetch rejects --endpoint %p with 64", async (endpoint, problem) => {
  const args = ["fetch", "mac", "--endpoint", endpoint];
  const { code, text, stderr } = await runEc2nic({ args, namespace: true });
  expect([code, text]).toEqual([64, ""]);
  expect(stderr).toStartWith(`ec2nic: --endpoint: "${endpoint}" ${problem}`);
});

test("fetch rejects an endpoint mode other than IPv4 and IPv6 with 64", async () => {
  const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv5" };
  const { code, stderr } = await runEc2nic({ args: ["fetch", "mac"], env, namespace: true });
  expect(code).toBe(64);
  expect(stderr).toMatch(/AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv5"/i);
});

// by itself, citty would interpret the --help of COMMAND, after `--`
test("--help after -- belongs to COMMAND", async () => {
  await using simulator = await startSimulator();
  const args = ["fetch", "--endpoint", simulator.url, "mac", "--", "echo", "--help", "--version"];
  expect((await runEc2nic({ args })).text).toBe("--help --version\n");
});

test("--help works on a wrong command line", async () => {
  const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1" };
  const { code, text } = await runEc2nic({ args: ["fetch", "--bogus", "--help"], env });
  expect(code).toBe(0);
  expect(text).toStartWith("Usage: ec2nic fetch");
});
