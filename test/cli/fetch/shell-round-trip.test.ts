import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { adversarialValues } from "../../kit/facts/adversarial-values.ts";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import { shells } from "../../kit/program/shells.ts";
import { testUnless } from "../../kit/basics/skip.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

const values = Object.values(adversarialValues);
const tags = Object.fromEntries(values.map((value, at) => [`v${at}`, value]));
const names = values.map((_, at) => `EC2_TAGS_INSTANCE_V${at}`);
const args = ["tags/instance", "--format", "env"];
const show = `${names.map((name) => `printf '%s\\0' "$${name}"`).join("; ")}; echo end`;

/** How scripts read the variables. A file in `folder` would mean that a value ran as code. */
const scripts: Readonly<Record<string, string>> = {
  eval: `set -eu; eval "$("$@")"; ${show}`,
  "eval in a function": `set -eu; f() { eval "$("$@")"; }; f "$@"; ${show}`,
  ". with a file": `set -eu; "$@" >file; . ./file; ${show}`,
  ". with --output": `set -eu; "$@" --output file; . ./file; ${show}`,
  "eval with export": `set -aeu; eval "$("$@")"; set +a; env -0 | grep -zc ^EC2_ >&2; ${show}`,
};

for (const { name: shell, argv, missing } of shells) {
  for (const [name, script] of Object.entries(scripts)) {
    testUnless(missing)(
      `${shell}: ${name} reads adversarial values unchanged and runs no code`,
      async () => {
        using folder = temporaryFolder();
        const around = [...argv, "-c", script, "sh"];
        const run = { around, cwd: folder.path };
        const { code, text, stderr } = await fetchOnce({ tags }, args, run);
        expect(text.split("\0")).toEqual([...values, "end\n"]);
        expect({ code, stderr }).toEqual({
          code: 0,
          stderr: name.includes("export") ? `${values.length}\n` : "",
        });
        expect(readdirSync(folder.path).filter((file) => file !== "file")).toEqual([]);
      },
    );
  }

  testUnless(missing)(`${shell}: eval of a hostile tag name runs no code`, async () => {
    using folder = temporaryFolder();
    const hostile = { "x=1;touch canary;": "a", "$(touch canary)": "b", "`touch canary`'\"": "c" };
    const around = [...argv, "-c", 'set -eu; eval "$("$@")"; set | grep -c ^EC2_TAGS', "sh"];
    const run = { around, cwd: folder.path };
    for (const tag of Object.keys(hostile)) {
      const one = [`tags/instance/${tag}`, "--format", "env"];
      const { code, text } = await fetchOnce({ tags: hostile }, one, run);
      expect({ code, text }).toEqual({ code: 0, text: "1\n" });
    }
    expect(readdirSync(folder.path)).toEqual([]);
  });
}
