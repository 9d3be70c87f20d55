import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { fetchArgs, fetchFrom, fetchOnce } from "../../kit/program/fetch-from.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import { startEc2nic } from "../../kit/program/run-ec2nic.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

setDefaultTimeout(testLimitMs);

test("COMMAND gets the variables, its own arguments and the environment of ec2nic", async () => {
  const command = [
    "sh",
    "-c",
    'printf "%s|" "$EC2_MAC" "$EC2_AMI_ID" "$MINE" "$@"',
    "sh",
    "-v",
    "a b",
  ];
  const args = ["mac", "ami-id", "--", ...command];
  const { code, text, stderr } = await fetchOnce({}, args, { env: { MINE: "m" } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(text).toBe("06:ec:2a:00:00:00|ami-0ec20000000000001|m|-v|a b|");
});

test("COMMAND gets values unchanged, also control characters and quotes", async () => {
  const value = "$(touch canary) `id` \"'\\ !\n\u0001\u001b é \ufeff -n";
  const args = ["tags/instance/t", "--", "sh", "-c", 'printf %s "$EC2_TAGS_INSTANCE_T"'];
  using folder = temporaryFolder();
  const { text } = await fetchOnce({ tags: { t: value } }, args, { cwd: folder.path });
  expect(text).toBe(value);
  expect(existsSync(join(folder.path, "canary"))).toBe(false);
});

test("COMMAND uses the stdin and stdout of ec2nic, and its output is unchanged", async () => {
  const { text } = await fetchOnce({}, ["mac", "--", "cat"], { stdin: "through" });
  expect(text).toBe("through");
});

test.each([
  ["exit 3", 3],
  ["kill -TERM $$", 143],
  ["ulimit -c 0; kill -SEGV $$", 139],
])("ec2nic exits with the status of COMMAND, like a shell: %s", async (script, status) => {
  const { code, stderr } = await fetchOnce({}, ["mac", "--", "sh", "-c", script]);
  expect({ code, stderr }).toEqual({ code: status, stderr: "" });
});

test("a missing COMMAND exits with 127, and one that cannot be executed with 126", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "file");
  writeFileSync(file, "true\n", { mode: 0o644 });
  const cases = [
    {
      command: "no-such-command",
      status: 127,
      message: "no-such-command: there is no such command",
    },
    { command: join(folder.path, "no"), status: 127, message: "there is no such command" },
    { command: file, status: 126, message: "it cannot be executed" },
    { command: folder.path, status: 126, message: "it cannot be executed" },
  ];
  for (const { command, status, message } of cases) {
    const { code, text, stderr } = await fetchOnce({}, ["mac", "--", command]);
    expect({ command, code, text }).toEqual({ command, code: status, text: "" });
    expect(stderr).toContain(message);
  }
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  test.concurrent(`ec2nic forwards ${signal} to COMMAND and exits with its status`, async () => {
    await using simulator = await startSimulator();
    using folder = temporaryFolder();
    const ready = join(folder.path, "ready");
    const trap = `trap 'echo got it; exit 7' ${signal.slice(3)}; : >${ready}; for i in $(seq 400); do sleep 0.05; done`;
    const args = fetchArgs(simulator.url, ["mac", "--", "sh", "-c", trap]);
    const { kill, result } = startEc2nic({ args });
    while (!existsSync(ready)) await Bun.sleep(5);
    kill(signal);
    const { code, text } = await result;
    expect({ code, text }).toEqual({ code: 7, text: "got it\n" });
  });
}

// a few hundred µs pass between the start of COMMAND and the installation of signal handlers
for (const signal of ["TERM", "INT", "HUP"]) {
  test.concurrent(`ec2nic forwards SIG${signal} also while COMMAND starts`, async () => {
    await using simulator = await startSimulator();
    const early = `trap 'exit 7' ${signal}; kill -${signal} $PPID; for i in $(seq 400); do sleep 0.05; done`;
    const runs = Array.from({ length: 12 }, () =>
      fetchFrom(simulator, ["mac", "--", "sh", "-c", early]),
    );
    const codes = (await Promise.all(runs)).map(({ code }) => code);
    expect(codes).toEqual(codes.map(() => 7));
  });
}

test.concurrent("SIGTERM ends COMMAND, and ec2nic exits with 143", async () => {
  await using simulator = await startSimulator();
  using folder = temporaryFolder();
  const pidFile = join(folder.path, "pid");
  const command = [
    "sh",
    "-c",
    `echo $$ >${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 100`,
  ];
  const { kill, result } = startEc2nic({
    args: fetchArgs(simulator.url, ["mac", "--", ...command]),
  });
  while (!existsSync(pidFile)) await Bun.sleep(5);
  const pid = Number(await Bun.file(pidFile).text());
  kill("SIGTERM");
  expect((await result).code).toBe(143);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});

test("COMMAND is found on PATH, or by a relative path", async () => {
  using folder = temporaryFolder();
  const script = join(folder.path, "mine");
  writeFileSync(script, '#!/bin/sh\necho "mine $EC2_MAC"\n');
  chmodSync(script, 0o755);
  await using simulator = await startSimulator();
  const options = { cwd: folder.path };
  const byPath = { ...options, env: { PATH: `${folder.path}:/usr/bin:/bin` } };
  for (const [command, run] of [["./mine", options] as const, ["mine", byPath] as const]) {
    const { text } = await fetchFrom(simulator, ["mac", "--", command], run);
    expect(text).toBe("mine 06:ec:2a:00:00:00\n");
  }
});
