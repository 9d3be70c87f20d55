import { expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import { parsePolicy } from "../../../../src/plan/config/policy.ts";
import { planNetwork } from "../../../../src/plan/files/plan-network.ts";
import { choiceOf } from "../../../kit/facts/choices.ts";
import { eniAt, linkAt } from "../../../kit/facts/nics.ts";

test.each([null, "", "# no-secondary-defaults\n", "\n\n"])("%j changes nothing", (text) => {
  expect(parsePolicy(text)).toEqual({ hasSecondaryDefaults: true });
});

test.each(["no-secondary-defaults", "# why\n  no-secondary-defaults # since 2026\n"])(
  "%j keeps secondaries' default routes out of main",
  (text) => {
    expect(parsePolicy(text)).toEqual({ hasSecondaryDefaults: false });
  },
);

test.each([
  ["no-secondary-default\n", 1, '"no-secondary-default"'],
  ["no-secondary-defaults\n\nNo-Secondary-Defaults\n", 3, '"No-Secondary-Defaults"'],
  ["no-secondary-defaults yes\n", 1, '"no-secondary-defaults yes"'],
])("%j is an error that names file, line and word", (text, line, word) => {
  const state = { files: [], unmanaged: null, policy: text };
  const facts = { enis: [eniAt(0)], incomplete: [], links: [linkAt(0)], state };
  try {
    planNetwork(facts, choiceOf("networkd"));
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect(error).toMatchObject({
      name: "Failure",
      message: `/etc/ec2nic/policy:${line}: ${word} is not a known word`,
      hint: "the known words are: no-secondary-defaults",
    });
  }
});
