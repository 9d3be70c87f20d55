import { expect, test } from "bun:test";
import fc from "fast-check";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../../src/exit.ts";
import type { Reading } from "../../../src/model/metadata.ts";
import { renderEnv, toVariables } from "../../../src/output/fetch/env.ts";
import { shells } from "../../kit/program/shells.ts";
import { seededRuns } from "../../kit/basics/seed.ts";
import { testUnless } from "../../kit/basics/skip.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

const special = [
  '"',
  "'",
  "`",
  "$",
  "\\",
  "\n",
  "!",
  "$(",
  "${",
  "`id`",
  "\\\n",
  " ",
  "\t",
  "-",
  "#",
  "~",
];

/** Text that mixes special characters of the shell with arbitrary characters. */
const value = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...special) },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
      { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(""));

/** The readings of tags v0, v1, … with these values. */
function readingsOf(values: readonly string[]): readonly Reading[] {
  return values.map((text, at) => {
    const path = ["meta-data", "tags", "instance", `v${at}`];
    return { kind: "leaf", name: `v${at}`, path, bytes: new TextEncoder().encode(text) };
  });
}

/** The output of `fetch`; null if it rejects a value. */
function rendered(values: readonly string[]): string | null {
  try {
    return renderEnv(toVariables(readingsOf(values)));
  } catch (error) {
    if (error instanceof Failure && error.kind === "DATAERR") return null;
    throw error;
  }
}

// systemd drops a variable that contains one of these
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b-\u001f\u007f]|\p{Noncharacter_Code_Point}/u;

test("exactly values with control characters (except tab, newline) or noncharacters are rejected", () => {
  const property = fc.property(value, (text) => {
    expect(rendered([text]) === null).toBe(control.test(text));
  });
  fc.assert(property, seededRuns(3000));
});

const batch = fc.array(
  value.filter((text) => !control.test(text)),
  { minLength: 150, maxLength: 150, size: "max" },
);

for (const { name: shell, argv, missing } of shells) {
  testUnless(missing)(`${shell} reads hundreds of rendered values back byte for byte`, async () => {
    using folder = temporaryFolder();
    const property = fc.property(batch, (values) => {
      const print = values.map((_, at) => `printf '%s\\0' "$EC2_TAGS_INSTANCE_V${at}"`);
      writeFileSync(join(folder.path, "env"), rendered(values) ?? "");
      writeFileSync(join(folder.path, "print"), print.join("\n"));
      const script = 'set -eu; eval "$(cat ./env; echo :)"; . ./print; . ./env; . ./print';
      const run = Bun.spawnSync([...argv, "-c", script], {
        cwd: folder.path,
        env: { PATH: "/usr/bin:/bin" },
      });
      expect(run.stderr.toString()).toBe("");
      const read = run.stdout.toString().split("\0").slice(0, -1);
      expect(read).toEqual([...values, ...values]);
    });
    fc.assert(property, { ...seededRuns(4), interruptAfterTimeLimit: 10_000 });
  });
}
