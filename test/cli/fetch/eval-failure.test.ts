import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { shells } from "../../kit/program/shells.ts";
import { testUnless } from "../../kit/basics/skip.ts";

const env = ["--format", "env"];

const refused: Scenario = { faults: [{ fault: { kind: "refuse" } }] };

test.each<[status: number, args: readonly string[], of: Scenario]>([
  [66, ["nope", ...env], {}],
  [64, ["mac", ...env, "--timeout"], {}],
  [69, ["mac", ...env, "--retries", "0"], refused],
])("stdout is only (exit %d) after a failure: %p", async (status, args, of) => {
  const { code, text, stderr } = await fetchOnce(of, args);
  expect({ code, text }).toEqual({ code: status, text: `(exit ${status})\n` });
  expect(stderr).toStartWith("ec2nic: ");
});

// `eval "$(false)"` is 0 even under `set -e`: without (exit N) a script continues without values
for (const { name: shell, argv, missing } of shells) {
  testUnless(missing)(`${shell}: eval stops a set -e script with the exit status`, async () => {
    const around = [...argv, "-c", 'set -e; eval "$("$@")"; echo went on', "sh"];
    const { code, text } = await fetchOnce({}, ["nope", ...env], { around });
    expect({ code, text }).toEqual({ code: 66, text: "" });
  });

  testUnless(missing)(
    `${shell}: without set -e, eval returns the exit status of ec2nic`,
    async () => {
      const around = [...argv, "-c", 'eval "$("$@")"; echo "$?"; eval "$("$@")" || echo or', "sh"];
      expect((await fetchOnce({}, ["nope", ...env], { around })).text).toBe("66\nor\n");
    },
  );

  testUnless(missing)(`${shell}: sourcing the output with . stops a set -e script`, async () => {
    const script =
      'set -e; cd "$(mktemp -d)"; trap "rm -rf $PWD" EXIT; "$@" >f || :; . ./f; echo on';
    const { code, text } = await fetchOnce({}, ["nope", ...env], {
      around: [...argv, "-c", script, "sh"],
    });
    expect({ code, text }).toEqual({ code: 66, text: "" });
  });
}
