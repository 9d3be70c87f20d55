import { expect, test } from "bun:test";
import { fetchFrom } from "../kit/program/fetch-from.ts";
import { startSimulator } from "../../scripts/simulator/start.ts";
import { failingCommand, missingRoot, testUnless } from "../kit/basics/skip.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

const tokensIn = (requests: readonly { readonly headers: Readonly<Record<string, string>> }[]) =>
  requests.flatMap(({ headers }) => headers["x-aws-ec2-metadata-token"] ?? []);

test("the token is in no argument and no environment of ec2nic or COMMAND", async () => {
  await using simulator = await startSimulator();
  const show = "cat /proc/$PPID/cmdline /proc/$PPID/environ /proc/self/environ /proc/self/cmdline";
  const { code, text } = await fetchFrom(simulator, ["mac", "--", "sh", "-c", show]);
  expect(code).toBe(0);
  expect(text).toContain("EC2_MAC=");
  const tokens = tokensIn(simulator.requests);
  expect(tokens.length).toBeGreaterThan(0);
  for (const token of tokens) expect(text).not.toContain(token);
});

testUnless(missingRoot() ?? failingCommand("unshare", "--mount", "true"))(
  "no file that a run leaves contains the token, credentials or user-data",
  async () => {
    await using simulator = await startSimulator({
      scenario: { iamRole: "web", userData: "hunter2" },
    });
    using folder = temporaryFolder();
    const script = `mount --make-rprivate / && mount -t tmpfs tmpfs /run && mkdir /run/t && TMPDIR=/run/t "$@" >/dev/null && find /run -type f -exec cat {} +`;
    const around = ["unshare", "--mount", "sh", "-c", script, "sh"];
    const args = ["mac", "user-data", "iam", "--max-age", "5m", "--json"];
    const { code, text } = await fetchFrom(simulator, args, { around, cwd: folder.path });
    expect(code).toBe(0);
    expect(text).toContain("cachedAtMs");
    for (const secret of [...tokensIn(simulator.requests), "hunter2", "SecretAccessKey"]) {
      expect(text).not.toContain(secret);
    }
    // the cache stores values in base64
    expect(text).not.toContain(Buffer.from("hunter2").toString("base64"));
  },
);
