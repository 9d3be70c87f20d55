import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

const twoFaults: Scenario = {
  faults: [{ match: "PUT *", fault: { kind: "status", status: 503 }, times: 2 }],
};

const oneFault: Scenario = {
  faults: [{ match: "PUT *", fault: { kind: "status", status: 503 }, times: 1 }],
};

test("-v prints each request with its time, and each retry with reason and delay, to stderr", async () => {
  const { text, stderr, simulator } = await fetchOnce(twoFaults, ["mac", "-v"]);
  expect(text).toBe("06:ec:2a:00:00:00\n");
  const url = `http://127\\.0\\.0\\.1:\\d+`;
  const put = new RegExp(
    `^ec2nic: PUT ${url}/latest/api/token: 503, throttled \\(\\d+ ms\\)$`,
    "gm",
  );
  expect(stderr.match(put)).toHaveLength(2);
  expect(stderr).toMatch(
    new RegExp(`GET ${url}/latest/meta-data/mac: 200, 17 bytes \\(\\d+ ms\\)$`, "m"),
  );
  expect(stderr.match(/: 503, throttled; trying again in \d+ ms$/gm)).toHaveLength(2);
  expect(stderr.match(/(GET|PUT) http/g)).toHaveLength(simulator.requests.length);
});

const secrets = /simulated-secret|simulated-session-token|ASIAEXAMPLE|hunter2/;

test("no message contains the token, credentials, user-data or a tag's value", async () => {
  const of: Scenario = {
    iamRole: "web",
    userData: "hunter2",
    tags: { Name: "hunter2" },
    faults: [
      { match: "GET *", fault: { kind: "token-rejected" }, times: 2 },
      { match: "GET */web", fault: { kind: "cut" }, times: 1 },
      {
        match: "GET *",
        fault: { kind: "status", status: 500, body: "hunter2" },
        skip: 4,
        times: 3,
      },
    ],
  };
  for (const format of [[], ["--log-format", "json"], ["--format", "env"]]) {
    const { code, stderr, simulator } = await fetchOnce(of, ["--show-secrets", "-v", ...format]);
    expect(code).toBe(0);
    expect(stderr.length).toBeGreaterThan(1000);
    expect(stderr).not.toMatch(secrets);
    for (const { headers } of simulator.requests) {
      const token = headers["x-aws-ec2-metadata-token"];
      if (token !== undefined) expect(stderr).not.toContain(token);
    }
  }
});

test("BUN_CONFIG_VERBOSE_FETCH, with which Bun would print the token, has no effect", async () => {
  const env = { BUN_CONFIG_VERBOSE_FETCH: "1" };
  const { stderr, text, simulator } = await fetchOnce({}, ["mac"], { env });
  const token = simulator.requests.at(-1)?.headers["x-aws-ec2-metadata-token"] ?? "none";
  expect(`${stderr}${text}`).not.toContain(token);
});

test("--log-format json prints each line as an object with time, level and message", async () => {
  for (const args of [["nope"], ["mac", "-v"], ["--bogus"], ["tags/instance/\u001b[31m"]]) {
    const { stderr } = await fetchOnce(oneFault, [...args, "--log-format", "json"]);
    const lines = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    for (const line of lines) {
      expect(line).toMatchObject({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        level: expect.stringMatching(/^(error|warn|info|verbose)$/),
        message: expect.any(String),
      });
    }
  }
  const { stderr } = await fetchOnce({}, ["nope", "--log-format", "json"]);
  expect(JSON.parse(stderr)).toMatchObject({ level: "error", hint: expect.any(String) });
});

/** Runs with stderr in a file and JOURNAL_STREAM=stream; systemd sets its socket's device:inode. */
async function runInJournal(args: readonly string[], stream: string): Promise<string> {
  using folder = temporaryFolder();
  const file = join(folder.path, "stderr");
  const script = `exec 2>${file}; JOURNAL_STREAM=${stream} exec "$@"`;
  await fetchOnce(oneFault, args, { around: ["sh", "-c", script, "sh"] });
  return readFileSync(file, "utf8");
}

const stderrStream = '"$(stat -Lc %d:%i /proc/self/fd/2)"';

test("in the journal, each line begins with its priority", async () => {
  expect(await runInJournal(["nope"], stderrStream)).toMatch(/^(<3>ec2nic: .*\n){2}$/);
  expect(await runInJournal(["mac", "-v"], stderrStream)).toMatch(/^(<7>ec2nic: .*\n)+$/);
});

test("a JOURNAL_STREAM that is not stderr or not valid has no effect", async () => {
  for (const stream of ["1:1", "x", '""', "0:0"]) {
    expect(await runInJournal(["nope"], stream)).toMatch(/^(ec2nic: .*\n){2}$/);
  }
});

test("control characters in keys, listings and replies are escaped on stderr", async () => {
  const hostileText = "a\u001b[2Jb\u0007\u009bc\u202e";
  const listing = { kind: "status", status: 200, body: `x\u001b[31m\rec2nic: forged` } as const;
  const runs = [
    await fetchOnce({}, [hostileText]),
    await fetchOnce({}, [`--${hostileText}`]),
    await fetchOnce({}, ["mac", "--timeout", hostileText]),
    await fetchOnce({}, ["mac", "--output", `/no/${hostileText}`]),
    await fetchOnce({}, ["mac", "--", `/no/${hostileText}`]),
    await fetchOnce({ faults: [{ match: "GET */tags/", fault: listing }] }, ["tags/"]),
    await fetchOnce({ faults: [{ match: "GET */meta-data/", fault: listing }] }, []),
  ];
  for (const { stderr } of runs) {
    expect(stderr).not.toBe("");
    // oxlint-disable-next-line no-control-regex
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(
      stderr
        .trimEnd()
        .split("\n")
        .every((line) => line.startsWith("ec2nic: ")),
    ).toBe(true);
  }
});
