import { expect } from "bun:test";
import { adversarialValues } from "../../kit/facts/adversarial-values.ts";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failingCommand, missingRoot, missingTool, testUnless } from "../../kit/basics/skip.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

const script = join(import.meta.dir, "../../kit/program/read-by-systemd.sh");
const namespaces = ["unshare", "--pid", "--fork", "--mount", "--cgroup", "--net", "true"];
const testWithSystemd = testUnless(
  missingRoot() ??
    missingTool("/lib/systemd/systemd", "unshare", "awk", "mount") ??
    failingCommand(...namespaces),
);

const values = Object.values(adversarialValues);
const tags = Object.fromEntries(values.map((value, at) => [`v${at}`, value]));

testWithSystemd("systemd reads adversarial values unchanged from EnvironmentFile=", async () => {
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
});

testWithSystemd("systemd sets no variable from the output of a failed run", async () => {
  const { text } = await fetchOnce({}, ["nope", "--format", "env"]);
  const names = Object.keys(await readBySystemd(`${text}AFTER="there"\n`));
  expect(names).toContain("AFTER");
  expect(names.filter((name) => name.includes("exit") || name.startsWith("EC2_"))).toEqual([]);
});

/** The variables that a real systemd reads from this `EnvironmentFile=`. */
async function readBySystemd(environmentFile: string): Promise<Readonly<Record<string, string>>> {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "env"), environmentFile);
  const child = Bun.spawn(["sh", script, folder.path], { stdout: "pipe", stderr: "pipe" });
  const output = (await child.stderr.text()) + (await child.stdout.text());
  if ((await child.exited) !== 0) throw new Error(`systemd did not run the service: ${output}`);
  const lines = readFileSync(join(folder.path, "out"), "utf8").split("\0");
  const pairs = lines.map((line) => [line.slice(0, line.indexOf("=")), line] as const);
  return Object.fromEntries(pairs.map(([name, line]) => [name, line.slice(name.length + 1)]));
}
