import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fetchFrom } from "../kit/program/fetch-from.ts";
import { startSimulator } from "../../scripts/simulator/start.ts";
import { failingCommand, missingRoot, missingTool, testUnless } from "../kit/basics/skip.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

const testIt = testUnless(
  missingRoot() ?? missingTool("setpriv", "flock") ?? failingCommand("unshare", "--mount", "true"),
);

/** With its own /run: root runs the program, and then user 65534 runs the script. */
function runThenScript(script: string): readonly string[] {
  const asOtherUser = "setpriv --reuid 65534 --regid 65534 --clear-groups";
  const lines = [
    "set -eu; mount --make-rprivate /; mount -t tmpfs -o mode=755 tmpfs /run",
    `"$@"`,
    `exec ${asOtherUser} sh -c '${script}' sh "$@"`,
  ];
  return ["unshare", "--mount", "sh", "-c", lines.join("\n"), "sh"];
}

testIt(
  "another user can neither read, list nor create files in root's cache below /run",
  async () => {
    await using simulator = await startSimulator();
    const script = [
      "ls /run/ec2nic && echo listed",
      "cat /run/ec2nic/* && echo read",
      "touch /run/ec2nic/x && echo planted",
      "mkdir /run/ec2nic/batch && echo planted",
      "ln -s /etc /run/ec2nic2 && echo linked",
      "flock -n /run/ec2nic/lock true && echo locked",
      "stat -c %a /run/ec2nic",
    ].join("; ");
    const { text } = await fetchFrom(simulator, ["mac", "--max-age", "5m"], {
      around: runThenScript(script),
    });
    expect(text).toBe("06:ec:2a:00:00:00\n700\n");
  },
);

testIt("another user's run does not read root's cache, and succeeds without it", async () => {
  await using simulator = await startSimulator();
  const { code, text } = await fetchFrom(simulator, ["mac", "--max-age", "5m"], {
    around: runThenScript(`exec "$@"`),
  });
  expect({ code, text }).toEqual({ code: 0, text: "06:ec:2a:00:00:00\n".repeat(2) });
  expect(simulator.requests.filter(({ path }) => path.endsWith("/mac"))).toHaveLength(2);
});

testIt("--output does not write through a symbolic link in a world-writable folder", async () => {
  await using simulator = await startSimulator();
  using folder = temporaryFolder();
  const [open, target] = [join(folder.path, "open"), join(folder.path, "target")];
  Bun.spawnSync(["sh", "-c", `mkdir -m 1777 "$1"; ln -s "$2" "$1/id"`, "sh", open, target]);
  const { code } = await fetchFrom(simulator, ["mac", "--output", join(open, "id")]);
  expect(code).toBe(73);
  expect(existsSync(target)).toBe(false);
});
