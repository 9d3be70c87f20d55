import { expect, setDefaultTimeout, test } from "bun:test";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";

setDefaultTimeout(testLimitMs);

const scenario: Scenario = { iamRole: "web", ecsTaskRoles: ["task"] };

const secrets = /simulated-secret|simulated-session-token|ASIAEXAMPLE/;

const credentials = [
  "iam/security-credentials/web",
  "iam-ecs-0/security-credentials/task",
  "identity-credentials/ec2/security-credentials/ec2-instance",
];

test.each(credentials)("fetch prints a credential whose own key is named: %s", async (key) => {
  const { code, text, stderr } = await fetchOnce(scenario, [key]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(text)).toMatchObject({ AccessKeyId: expect.stringContaining("ASIAEXAMPLE") });
});

// ECS keeps the keys of its tasks in iam-ecs-*/, which version 0.1.0 printed
test.each(["iam", "iam/security-credentials", "iam-ecs-0", "identity-credentials/ec2"])(
  "a folder does not print credentials, and a warning names them: %s",
  async (key) => {
    for (const format of ["json", "env"]) {
      const { code, text, stderr } = await fetchOnce(scenario, [key, "--format", format]);
      expect([code, text]).toEqual([0, expect.not.stringMatching(secrets)]);
      expect(stderr).toMatch(/security-credentials\S* is left out: it holds credentials/);
    }
    expect((await fetchOnce(scenario, [key, "--show-secrets"])).text).toMatch(secrets);
  },
);

test("a leaf that holds a secret key is in no tree, wherever it is", async () => {
  const set = { "some/place/keys": '{"a": {"SecretAccessKey": "simulated-secret-OTHER"}}' };
  const tree = await fetchOnce({ set }, []);
  expect([tree.code, tree.text]).toEqual([0, expect.not.stringMatching(secrets)]);
  expect(tree.stderr).toContain("some/place/keys is left out: it holds credentials");
  expect((await fetchOnce({ set }, ["some/place/keys"])).text).toMatch(secrets);
  expect((await fetchOnce({ set }, ["--show-secrets"])).text).toMatch(secrets);
});
