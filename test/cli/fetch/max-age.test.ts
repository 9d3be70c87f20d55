import { expect } from "bun:test";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { runEc2nic } from "../../kit/program/run-ec2nic.ts";
import { failingCommand, missingRoot, testUnless } from "../../kit/basics/skip.ts";
import { fetchArgs } from "../../kit/program/fetch-from.ts";

/** Each run has its own mount namespace with its own /run. */
const ownRun = ["unshare", "--mount"];
const testInOwnRun = testUnless(missingRoot() ?? failingCommand(...ownRun, "true"));

/** Runs a script with an empty /run, in which "$@" is `ec2nic fetch ARGS`. */
async function inOwnRun(script: string, args: readonly string[], scenario: Scenario = {}) {
  await using simulator = await startSimulator({ scenario });
  const setUp = 'mount -t tmpfs tmpfs /run && "$0" -c "$SCRIPT" "$0" "$@"';
  const result = await runEc2nic({
    args: fetchArgs(simulator.url, args),
    env: { SCRIPT: script, URL: simulator.url },
    around: [...ownRun, "sh", "-c", setUp, "sh"],
  });
  return { ...result, requests: simulator.requests.length };
}

const fiveMinutes = ["--max-age", "5m"];

testInOwnRun("if the cached value is too old, fetch requests it again and caches it", async () => {
  const script = '"$@" --max-age 1h; sleep 0.2; "$@" --max-age 100ms; "$@" --max-age 1h';
  const { code, requests } = await inOwnRun(script, ["mac"]);
  expect({ code, requests }).toEqual({ code: 0, requests: 4 });
});

testInOwnRun("with any umask, the cache folder has mode 0700 and the files 0600", async () => {
  const script = 'umask 0; "$@" >/dev/null; stat -c "%a %F" /run/ec2nic /run/ec2nic/*';
  const { text } = await inOwnRun(script, ["mac", ...fiveMinutes]);
  expect(text).toBe("700 directory\n600 regular file\n");
});

testInOwnRun("fetch ignores a cache file with another mode or owner, and a link", async () => {
  const changes = ["chmod 644 $F", "mv $F /run/x; ln -s /run/x $F", "chown 65534 $F"];
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

testInOwnRun("fetch works if the cache folder cannot be used", async () => {
  for (const obstacle of ["touch /run/ec2nic", "mount -o remount,ro /run"]) {
    const script = `${obstacle}; "$@"; "$@"`;
    const { code, text, stderr } = await inOwnRun(script, ["mac", ...fiveMinutes]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(text).toBe("06:ec:2a:00:00:00\n".repeat(2));
  }
});
