import { expect, test } from "bun:test";
import type { FileStat } from "../../../src/host/host.ts";
import { runInstall } from "../../../src/install/install.ts";
import { type FakeMachine, type FakeOptions, fakeMachine } from "../../kit/host/fake-machine.ts";

const running = {
  "/run/systemd/system": "",
  "/usr/lib/systemd/systemd": "",
  "/run/udev/control": "",
  "/usr/lib/udev/rules.d": "",
};
const options = { root: "/", withDhcpHooks: false, dryRun: false, json: false };

/** Runs on this machine; returns what was done, without the lock, and what was logged. */
async function run(job: "install" | "uninstall", fake: FakeOptions = {}) {
  const machine = fakeMachine({ disk: running, ...fake });
  const code = await runInstall(machine, { ...options, job });
  const done = machine.done.filter((effect) => !effect.endsWith("/run/ec2nic/holder"));
  return { machine, code, done, logged: machine.logged };
}

/** The files that a run has left. Links are left out, because the fake files do not keep their targets. */
function textsOf({ files }: FakeMachine): Readonly<Record<string, string>> {
  const left = [...files.there].filter(([, { kind }]) => kind !== "link");
  const decoder = new TextDecoder();
  return Object.fromEntries(left.map(([path, { content }]) => [path, decoder.decode(content)]));
}

const units = "/etc/systemd/system";
const areActive = (argv: string) => (argv.includes("is-active") ? { stdout: "active\n" } : 0);

test("--install on a machine writes the files, then links, then loads and starts the units", async () => {
  const { code, done, logged } = await run("install");
  expect(code).toBe(0);
  expect(done).toEqual([
    "run systemctl is-active ec2nic-repair.timer ec2nic-lease.path",
    "write /etc/ec2nic.folders",
    "write /etc/udev/rules.d/90-ec2nic.rules",
    `write ${units}/ec2nic-local.service`,
    `write ${units}/ec2nic-network.service`,
    `write ${units}/ec2nic-repair.service`,
    `write ${units}/ec2nic-repair.timer`,
    `write ${units}/ec2nic-hotplug@.service`,
    `write ${units}/ec2nic-hotplug-remove.service`,
    `link ${units}/multi-user.target.wants/ec2nic-local.service`,
    `link ${units}/multi-user.target.wants/ec2nic-network.service`,
    `link ${units}/systemd-networkd.service.wants/ec2nic-network.service`,
    `link ${units}/NetworkManager.service.wants/ec2nic-network.service`,
    `link ${units}/timers.target.wants/ec2nic-repair.timer`,
    "run systemctl daemon-reload",
    "run udevadm control --reload",
    "run systemctl start ec2nic-repair.timer",
  ]);
  expect(logged).toContain(`info wrote ${units}/ec2nic-local.service`);
  expect(logged).toContain("info ran udevadm control --reload");
  expect(logged.at(-1)).toBe("info installed; units start /usr/local/bin/ec2nic");
});

test("a changed unit of a running installation is loaded, and its timer is not started again", async () => {
  const { machine } = await run("install");
  const disk = textsOf(machine);
  const { done, logged } = await run("install", { disk, exec: areActive });
  // in the fake machine, existing files have another mode, and no folders and no links exist
  expect(done).toContain(`write ${units}/ec2nic-repair.timer`);
  expect(done.slice(-2)).toEqual(["run systemctl daemon-reload", "run udevadm control --reload"]);
  expect(logged.join()).not.toContain("systemctl start");
});

test("--uninstall stops the timer before it removes the files, and removes their list last", async () => {
  const { machine } = await run("install");
  const disk = textsOf(machine);
  const { done, logged } = await run("uninstall", { disk });
  const [, ...changes] = done.slice(0, done.indexOf("remove /etc/ec2nic.folders") + 1);
  expect(changes).toEqual([
    "run systemctl stop ec2nic-repair.timer",
    `remove ${units}/ec2nic-hotplug-remove.service`,
    `remove ${units}/ec2nic-hotplug@.service`,
    `remove ${units}/ec2nic-local.service`,
    `remove ${units}/ec2nic-network.service`,
    `remove ${units}/ec2nic-repair.service`,
    `remove ${units}/ec2nic-repair.timer`,
    "remove /etc/udev/rules.d/90-ec2nic.rules",
    "run systemctl daemon-reload",
    "run udevadm control --reload",
    `remove folder ${units}/systemd-networkd.service.wants`,
    `remove folder ${units}/NetworkManager.service.wants`,
    `remove folder ${units}/multi-user.target.wants`,
    `remove folder ${units}/timers.target.wants`,
    `remove folder ${units}`,
    "remove folder /etc/udev/rules.d",
    "remove folder /etc/systemd",
    "remove folder /etc/udev",
    "remove folder /etc",
    "remove /etc/ec2nic.folders",
  ]);
  expect(logged.at(-1)).toStartWith("info uninstalled; the files that configure NICs");
});

test("a failed command is reported after all files are written", async () => {
  const exec = (argv: string): number => (argv.includes("daemon-reload") ? 1 : 0);
  const machine = fakeMachine({ disk: running, exec });
  const failed = runInstall(machine, { ...options, job: "install" });
  await expect(failed).rejects.toMatchObject({ kind: "OSERR" });
  expect(machine.done).toContain(`write ${units}/ec2nic-hotplug-remove.service`);
});

test.each(["install", "uninstall"])("--%s is refused for an ordinary user", async (job) => {
  const machine = fakeMachine({ disk: running });
  const refused = runInstall({ ...machine, uid: 1000 }, { ...options, job });
  await expect(refused).rejects.toMatchObject({ kind: "NOPERM" });
  expect(machine.done).toEqual([]);
});

// the units run the program as root, so a user who can replace it becomes root
test("a program that another user can replace is refused, and nothing is done", async () => {
  const machine = fakeMachine({ disk: running });
  const stat = async (path: string): Promise<FileStat | null> =>
    path === "/usr/local/bin/ec2nic"
      ? { kind: "file", mode: 0o755, uid: 1000, inode: 1 }
      : machine.files.stat(path);
  const files = { ...machine.files, stat };
  const failed = runInstall({ ...machine, files }, { ...options, job: "install" });
  await expect(failed).rejects.toMatchObject({
    kind: "USAGE",
    hint: "chown -h root: /usr/local/bin/ec2nic && chmod o-w /usr/local/bin/ec2nic, then /usr/local/bin/ec2nic hotplug --install",
  });
  expect(machine.done).toEqual([]);
});

test("a program in a home directory is refused with the commands that install it", async () => {
  const machine = { ...fakeMachine({ disk: running }), program: "/root/my ec2nic" };
  await expect(runInstall(machine, { ...options, job: "install" })).rejects.toMatchObject({
    kind: "USAGE",
    hint: "install -D -m 0755 '/root/my ec2nic' /usr/local/bin/ec2nic, then /usr/local/bin/ec2nic hotplug --install",
  });
});
