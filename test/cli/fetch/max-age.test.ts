import { expect } from "bun:test";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { type RunResult, runEc2nic } from "../../kit/program/run-ec2nic.ts";
import { failingCommand, missingRoot, testUnless } from "../../kit/basics/skip.ts";
import { fetchArgs } from "../../kit/program/fetch-from.ts";

/** Each run has its own mount namespace with its own /run. */
const ownRun = ["unshare", "--mount"];
const testInOwnRun = testUnless(missingRoot() ?? failingCommand(...ownRun, "true"));

interface Outcome extends RunResult {
  readonly requests: number;
  readonly paths: readonly string[];
}

/** Runs a script with an empty /run, in which "$@" is `ec2nic fetch ARGS`. */
async function inOwnRun(script: string, args: readonly string[], of: Scenario = {}) {
  await using simulator = await startSimulator({ scenario: of });
  const setUp = 'mount -t tmpfs tmpfs /run && "$0" -c "$SCRIPT" "$0" "$@"';
  const result = await runEc2nic({
    args: fetchArgs(simulator.url, args),
    env: { SCRIPT: script, URL: simulator.url },
    around: [...ownRun, "sh", "-c", setUp, "sh"],
  });
  const paths = simulator.requests.map(({ method, path }) => `${method} ${path}`);
  return { ...result, requests: paths.length, paths } satisfies Outcome;
}

const fiveMinutes = ["--max-age", "5m"];

testInOwnRun("the second run sends no request and prints the same", async () => {
  for (const keys of [["instance-id"], ["placement"], ["mac", "tags/instance/Name"], []]) {
    const of = { tags: { Name: "grüße\nzwei" } };
    const script = '"$@" >/run/1; "$@" >/run/2; cmp /run/1 /run/2 && cat /run/2';
    const once = await inOwnRun('"$@"', [...keys, ...fiveMinutes], of);
    const twice = await inOwnRun(script, [...keys, ...fiveMinutes], of);
    expect(twice.code).toBe(0);
    expect(twice.text).toBe(once.text);
    expect(twice.requests).toBe(once.requests);
  }
});

// valibot's record() leaves out __proto__
testInOwnRun(
  "a cached tree is complete, also with tags named like properties of JavaScript objects",
  async () => {
    const tags = JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c", "0": "d"}');
    const script = '"$@" >/run/1; "$@" >/run/2; cmp /run/1 /run/2 && cat /run/2';
    const { text } = await inOwnRun(script, ["tags/instance", ...fiveMinutes], { tags });
    expect(text).toContain('"__proto__": "a"');
  },
);

testInOwnRun("a cached value that is not UTF-8 is the same byte for byte", async () => {
  const of = { set: { profile: Uint8Array.of(0xff, 0, 0x0a) } };
  const { stdout } = await inOwnRun('"$@" >/dev/null; "$@"', ["profile", ...fiveMinutes], of);
  expect([...stdout]).toEqual([0xff, 0, 0x0a]);
});

testInOwnRun("without --max-age, fetch neither writes nor reads the cache", async () => {
  const script = '"$@"; ls -A /run; "$@" --max-age 5m; "$@"';
  const { text, requests } = await inOwnRun(script, ["mac"]);
  expect(text).toBe("06:ec:2a:00:00:00\n".repeat(3));
  expect(requests).toBe(6);
});

testInOwnRun("if the cached value is too old, fetch requests it again and caches it", async () => {
  const script = '"$@" --max-age 1h; sleep 0.2; "$@" --max-age 100ms; "$@" --max-age 1h';
  const { code, requests } = await inOwnRun(script, ["mac"]);
  expect({ code, requests }).toEqual({ code: 0, requests: 4 });
});

testInOwnRun("each key and each endpoint has its own cache entry", async () => {
  const { requests } = await inOwnRun('"$@" mac; "$@" ami-id', fiveMinutes);
  expect(requests).toBe(4);
  const others = await inOwnRun('"$@"; "$@" --endpoint http://127.0.0.1:1; "$@"', [
    "mac",
    ...fiveMinutes,
  ]);
  expect(others.requests).toBe(4);
});

testInOwnRun("with any umask, the cache folder has mode 0700 and the files 0600", async () => {
  const script = 'umask 0; "$@" >/dev/null; stat -c "%a %F" /run/ec2nic /run/ec2nic/*';
  const { text } = await inOwnRun(script, ["mac", ...fiveMinutes]);
  expect(text).toBe("700 directory\n600 regular file\n");
});

testInOwnRun("an error or a default is never cached", async () => {
  for (const more of [[], ["--default", "d"]]) {
    const script = '"$@"; ls -A /run/ec2nic 2>/dev/null; "$@"';
    const { requests, text } = await inOwnRun(script, ["nope", ...more, ...fiveMinutes]);
    expect(text).not.toContain("fetch-");
    expect(requests).toBe(4);
  }
  const faults = [{ match: "GET *", fault: { kind: "status", status: 500 } as const, times: 1 }];
  const failing = await inOwnRun('"$@" --retries 0; "$@"', ["mac", ...fiveMinutes], { faults });
  expect(failing.text).toBe("06:ec:2a:00:00:00\n");
});

testInOwnRun("credentials and user-data are never cached", async () => {
  const set = { "some/keys": '{"SecretAccessKey": "simulated-secret-OTHER"}' };
  const of: Scenario = { iamRole: "web", ecsTaskRoles: ["task"], userData: "hunter2", set };
  const trees = ["iam", "iam-ecs-0", "some", "meta-data"];
  for (const keys of [
    ["user-data"],
    ["iam/security-credentials/web"],
    ["iam-ecs-0/security-credentials/task"],
    ["identity-credentials/ec2/security-credentials/ec2-instance"],
    ["some/keys"],
    ["--show-secrets"],
    ["user-data", "mac"],
    ...trees.map((key) => [key]),
  ]) {
    const script = '"$@" >/dev/null; cat /run/ec2nic/* 2>/dev/null; true';
    const { code, text } = await inOwnRun(script, [...keys, ...fiveMinutes], of);
    expect(code).toBe(0);
    expect(text).not.toMatch(/simulated|hunter2|ASIA|base64":"(aHVudGVyM|ey)/);
    const isStored = keys.some((key) => ["mac", ...trees].includes(key));
    expect({ keys, isStored: text !== "" }).toEqual({ keys, isStored });
  }
});

testInOwnRun("--show-secrets does not use a cached tree without secrets", async () => {
  const of: Scenario = { userData: "hunter2" };
  const { text } = await inOwnRun('"$@" >/dev/null; "$@" --show-secrets', fiveMinutes, of);
  expect(JSON.parse(text)).toHaveProperty("user-data", "hunter2");
});

testInOwnRun(
  "fetch ignores a cache file with another mode, a link, or invalid content",
  async () => {
    const changes = [
      "chmod 644 $F",
      "mv $F /run/x; ln -s /run/x $F",
      "echo '{' >$F",
      ": >$F",
      `echo '{"cachedAtMs":0,"base64":1}' >$F`,
    ];
    for (const change of changes) {
      const script = `"$@" >/dev/null; F=$(echo /run/ec2nic/*); ${change}; "$@"`;
      const { code, text, requests } = await inOwnRun(script, ["mac", ...fiveMinutes]);
      expect({ change, code, text, requests }).toEqual({
        change,
        code: 0,
        text: "06:ec:2a:00:00:00\n",
        requests: 4,
      });
    }
  },
);

testInOwnRun("fetch ignores a cache file of another user", async () => {
  const script = '"$@" >/dev/null; chown 65534 /run/ec2nic/*; "$@"';
  const { requests } = await inOwnRun(script, ["mac", ...fiveMinutes]);
  expect(requests).toBe(4);
});

testInOwnRun("fetch works if the cache folder cannot be used", async () => {
  for (const obstacle of ["touch /run/ec2nic", "mount -o remount,ro /run"]) {
    const script = `${obstacle}; "$@"; "$@"`;
    const { code, text, stderr } = await inOwnRun(script, ["mac", ...fiveMinutes]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(text).toBe("06:ec:2a:00:00:00\n".repeat(2));
  }
});
