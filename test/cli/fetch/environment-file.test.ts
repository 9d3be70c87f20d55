import { expect } from "bun:test";
import { adversarialValues } from "../../kit/facts/adversarial-values.ts";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import { readBySystemd, systemdMissing } from "../../kit/program/read-by-systemd.ts";
import { testUnless } from "../../kit/basics/skip.ts";

const values = Object.values(adversarialValues);
const tags = Object.fromEntries(values.map((value, at) => [`v${at}`, value]));

testUnless(systemdMissing())(
  "systemd reads adversarial values unchanged from EnvironmentFile=",
  async () => {
    const { code, text } = await fetchOnce({ tags }, ["tags/instance", "--format", "env"]);
    expect(code).toBe(0);
    const variables = await readBySystemd(text);
    for (const [at, value] of values.entries()) {
      expect([at, variables[`EC2_TAGS_INSTANCE_V${at}`]]).toEqual([at, value]);
    }
    expect(variables["EC2_MAC"]).toBeUndefined();
    expect(Object.keys(variables).filter((name) => name.startsWith("EC2_"))).toHaveLength(
      values.length,
    );
  },
);

testUnless(systemdMissing())(
  "systemd sets no variable from the output of a failed run",
  async () => {
    const { text } = await fetchOnce({}, ["nope", "--format", "env"]);
    const names = Object.keys(await readBySystemd(`${text}AFTER="there"\n`));
    expect(names).toContain("AFTER");
    expect(names.filter((name) => name.includes("exit") || name.startsWith("EC2_"))).toEqual([]);
  },
);
