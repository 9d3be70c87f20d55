import { expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fetchFrom, fetchOnce } from "../../kit/program/fetch-from.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { runEc2nic } from "../../kit/program/run-ec2nic.ts";
import { failingCommand, missingRoot, testUnless } from "../../kit/basics/skip.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";
import { startTrap } from "../../kit/program/trap-server.ts";

const mac = "06:ec:2a:00:00:00\n";

/** Writes files that Bun loads from the current folder by default; returns the canary's path. */
function writeHostileFiles(folder: string): string {
  const canary = join(folder, "canary");
  const evil = `require("node:fs").writeFileSync(${JSON.stringify(canary)}, "ran");`;
  const files = {
    "evil.ts": evil,
    "evil.cjs": evil,
    "bunfig.toml": 'preload = ["./evil.ts"]\n[run]\npreload = ["./evil.ts"]\nsilent = true\n',
    ".env": "AWS_EC2_METADATA_DISABLED=true\nBUN_OPTIONS=--preload=./evil.ts\nEC2_MAC=forged\n",
    ".env.local": "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1\n",
    ".env.production": "AWS_EC2_METADATA_DISABLED=true\n",
    "package.json": '{"name": "evil", "type": "module", "main": "./evil.ts"}',
    "tsconfig.json": '{"compilerOptions": {"paths": {"*": ["./evil.ts"]}}}',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return canary;
}

test("ec2nic ignores bunfig.toml, .env and similar files in the current folder", async () => {
  using folder = temporaryFolder();
  const canary = writeHostileFiles(folder.path);
  for (const env of [
    {},
    { NODE_ENV: "production" },
    { HOME: folder.path, XDG_CONFIG_HOME: folder.path },
  ]) {
    const run = { cwd: folder.path, env };
    const { code, text, stderr } = await fetchOnce({}, ["mac"], run);
    expect({ code, text, stderr }).toEqual({ code: 0, text: mac, stderr: "" });
  }
  const command = ["mac", "--", "sh", "-c", 'echo "$EC2_MAC $AWS_EC2_METADATA_DISABLED"'];
  const { text } = await fetchOnce({}, command, { cwd: folder.path });
  expect(text).toBe("06:ec:2a:00:00:00 \n");
  expect(existsSync(canary)).toBe(false);
});

const options: readonly Readonly<Record<string, string>>[] = [
  { BUN_OPTIONS: "--preload=./evil.ts" },
  { BUN_OPTIONS: "--preload ./evil.cjs" },
  { BUN_OPTIONS: "-r ./evil.cjs" },
  { BUN_OPTIONS: "--import ./evil.ts" },
  { NODE_OPTIONS: "--require ./evil.cjs" },
  { BUN_CONFIG_FILE: "./bunfig.toml" },
  { BUN_INSPECT: "0" },
  { BUN_INSPECT_PRELOAD: "./evil.ts" },
  { NODE_PATH: "." },
];

// a run may fail with an error, but it must not run or leave anything
test.each(options)("%p runs no code from the current folder", async (env) => {
  using folder = temporaryFolder();
  const canary = writeHostileFiles(folder.path);
  const files = readdirSync(folder.path);
  const { code, text } = await fetchOnce({}, ["mac"], { env, cwd: folder.path });
  if (code === 0) expect(text).toBe(mac);
  else expect(text).toBe("");
  expect(existsSync(canary)).toBe(false);
  expect(readdirSync(folder.path)).toEqual(files);
});

const proxies = [
  "http_proxy",
  "HTTP_PROXY",
  "https_proxy",
  "ALL_PROXY",
  "all_proxy",
  "HTTPS_PROXY",
];

// Bun's fetch uses proxies even for link-local addresses, and the token would leave the machine
test.each(proxies)("ec2nic does not use the proxy in %s", async (name) => {
  await using trap = await startTrap();
  const { code, text } = await fetchOnce({}, ["mac"], { env: { [name]: trap.url } });
  expect({ code, text, received: trap.received }).toEqual({ code: 0, text: mac, received: [] });
});

test("fetch rejects a redirect with 65 and does not follow it", async () => {
  await using trap = await startTrap();
  for (const status of [301, 302, 303, 307, 308]) {
    const fault = { kind: "redirect", location: `${trap.url}/latest/api/token`, status } as const;
    for (const match of ["PUT *", "GET *"]) {
      expect((await fetchOnce({ faults: [{ fault, match }] }, ["mac"])).code).toBe(65);
    }
  }
  expect(trap.received).toEqual([]);
});

test("fetch works with an empty environment", async () => {
  const around = ["/usr/bin/env", "-i"];
  const { code, text, stderr } = await fetchOnce({}, ["mac"], { around });
  expect({ code, text, stderr }).toEqual({ code: 0, text: mac, stderr: "" });
});

test("fetch works if HOME and TMPDIR do not exist", async () => {
  const env = { HOME: "/no/such", TMPDIR: "/no/such", XDG_CACHE_HOME: "/no/such" };
  const { code, text, stderr } = await fetchOnce({}, ["mac"], { env });
  expect({ code, text, stderr }).toEqual({ code: 0, text: mac, stderr: "" });
});

test("locale and time zone do not change the output", async () => {
  for (const env of [{ LC_ALL: "tr_TR.UTF-8" }, { LANG: "xx" }, { TZ: "Asia/Kathmandu" }]) {
    const { text } = await fetchOnce({}, ["instance-id", "--format", "env"], { env });
    expect(text).toBe('EC2_INSTANCE_ID="i-0ec20000000000001"\n');
  }
});

const readOnly = `mount --make-rprivate / && mount -o remount,bind,ro / && ! touch /probe 2>/dev/null &&
  mount -t tmpfs -o ro tmpfs /run && cd / && exec "$@"`;

testUnless(missingRoot() ?? failingCommand("unshare", "--mount", "true"))(
  "fetch works on read-only / and /run, and --output exits with 73",
  async () => {
    const around = ["unshare", "--mount", "sh", "-c", readOnly, "sh"];
    await using simulator = await startSimulator();
    for (const more of [[], ["--max-age", "5m"], ["--", "cat", "/dev/null"]]) {
      const { code, text, stderr } = await fetchFrom(simulator, ["mac", ...more], { around });
      const expected = more[0] === "--" ? "" : mac;
      expect({ more, code, text, stderr }).toEqual({ more, code: 0, text: expected, stderr: "" });
    }
    const output = ["mac", "--output", "/id"];
    const { code, stderr } = await fetchFrom(simulator, output, { around });
    expect(code).toBe(73);
    expect(stderr).toContain("the file system is read-only");
  },
);

// A known limit of Bun 1.4.5: it needs the current folder's name before the code of ec2nic runs.
test("in a deleted current folder, fetch prints the value exactly if it exits with 0", async () => {
  using folder = temporaryFolder();
  const around = ["sh", "-c", 'mkdir gone; cd gone; rmdir ../gone; exec "$@"', "sh"];
  const { code, text } = await fetchOnce({}, ["mac"], { around, cwd: folder.path });
  expect([code === 0, text === mac]).toEqual([text === mac, code === 0]);
});

test("--help and --version need neither IMDS nor HOME nor a writable folder", async () => {
  for (const args of [["--help"], ["--version"], ["fetch", "--help"], ["fetch", "-h"]]) {
    const { code, text, stderr } = await runEc2nic({ args, cwd: "/proc", env: { HOME: "/no" } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(text).toMatch(/ec2nic/);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  }
});
