import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { shells } from "../../kit/program/shells.ts";
import { testUnless } from "../../kit/basics/skip.ts";

const env = ["--format", "env"];

const failures: readonly {
  readonly what: string;
  readonly args: readonly string[];
  readonly of?: Scenario;
  readonly status: number;
}[] = [
  { what: "a key that does not exist", args: ["nope", ...env], status: 66 },
  { what: "an unknown flag", args: ["mac", "--bogus", ...env], status: 64 },
  { what: "an unknown flag after the format", args: ["mac", ...env, "--bogus"], status: 64 },
  { what: "a flag without its value", args: ["mac", ...env, "--timeout"], status: 64 },
  { what: "a bad duration", args: ["mac", "--format=env", "--timeout", "5"], status: 64 },
  { what: "an empty key", args: ["", ...env], status: 64 },
  {
    what: "refused connections",
    args: ["mac", ...env, "--retries", "0"],
    of: { faults: [{ fault: { kind: "refuse" } }] },
    status: 69,
  },
  { what: "IMDS switched off", args: ["mac", ...env], of: { disabled: true }, status: 78 },
];

test.each(failures)("stdout is only (exit $status) after $what", async (failure) => {
  const { code, text, stderr } = await fetchOnce(failure.of ?? {}, failure.args);
  expect({ code, text }).toEqual({ code: failure.status, text: `(exit ${failure.status})\n` });
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
