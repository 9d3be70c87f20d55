import { describe, expect, test } from "bun:test";
import type {
  Installation,
  InstalledEntry,
  InstallFacts,
} from "../../../src/install/units/model.ts";
import { parentDirectories } from "../../../src/model/managed-paths.ts";
import { createdDirectoriesPath, planInstall, planUninstall } from "../../../src/install/plan.ts";

const units = "/etc/systemd/system";
const path = `${units}/ec2nic-repair.timer`;
const linkPath = `${units}/timers.target.wants/ec2nic-repair.timer`;
const content = "# written by ec2nic\n[Timer]\n";
const wanted: Installation = {
  files: [{ path, content, mode: 0o644, mac: null }],
  links: [{ path: linkPath, target: "../ec2nic-repair.timer" }],
};
const file = (where: string, text = content): InstalledEntry => {
  return { path: where, kind: "file", content: text, mode: 0o644, target: null };
};
const link = (where: string, target: string): InstalledEntry => {
  return { path: where, kind: "link", content: "", mode: 0o777, target };
};
const folders = ["/etc", "/etc/systemd", units, `${units}/timers.target.wants`];
const both = ["systemd", "udev"] as const;
const live: InstallFacts = {
  entries: [],
  directories: folders,
  hotplugFiles: [],
  runningDaemons: both,
  installedDaemons: both,
  isImage: false,
  activeUnits: [],
};
const image: InstallFacts = { ...live, runningDaemons: [], isImage: true };
const installed = [file(path), link(linkPath, "../ec2nic-repair.timer")];
const commands = (steps: readonly { readonly argv: readonly string[] }[]) =>
  steps.map(({ argv }) => argv.join(" "));

describe("--install", () => {
  test("on a machine: the daemons read again, and the timer runs at once", () => {
    const { write, links, steps } = planInstall(wanted, live);
    expect([write, links]).toEqual([wanted.files, wanted.links]);
    expect(commands(steps)).toEqual([
      "systemctl daemon-reload",
      "udevadm control --reload",
      "systemctl start ec2nic-repair.timer",
    ]);
  });

  test("for an image: files and links, no command", () => {
    expect(planInstall(wanted, image).steps).toEqual([]);
    expect(planInstall(wanted, image).write).toEqual(wanted.files);
  });

  test("without udev, as in a container, only systemd is told", () => {
    const plan = planInstall(wanted, { ...live, runningDaemons: ["systemd"] });
    expect(commands(plan.steps)).not.toContain("udevadm control --reload");
  });

  test("folders that are missing are noted before they are made, with those of before", () => {
    const note = file(createdDirectoriesPath, "# written by ec2nic\n/etc/udev\n");
    const [first] = planInstall(wanted, { ...image, directories: ["/etc"], entries: [note] }).write;
    expect(first?.path).toBe(createdDirectoriesPath);
    expect(first?.content.split("\n").slice(1)).toEqual([
      "/etc/systemd",
      units,
      `${units}/timers.target.wants`,
      "/etc/udev",
      "",
    ]);
  });

  test.each([
    ["another text", file(path, `${content}#`), [path]],
    ["another mode", { ...file(path), mode: 0o600 }, [path]],
    ["the same", file(path), []],
    ["a mask", link(path, "/dev/null"), []],
    ["an admin's file", file(path, "[Timer]\n"), []],
    ["a folder", { ...file(path), kind: "directory" as const, content: "" }, []],
  ])("in the place of %s", (_, thing, written) => {
    const plan = planInstall(wanted, { ...image, entries: [thing] });
    expect(plan.write.map((each) => each.path)).toEqual(written);
    expect(plan.remove).toEqual([]);
  });

  test("what is left as it is, is said, and not started either", () => {
    const plan = planInstall(wanted, { ...live, entries: [link(path, "/dev/null")] });
    expect(plan.notes).toEqual([`${path} is masked: left as it is`]);
    expect([plan.links, plan.steps]).toEqual([[], []]);
  });

  test("all is there, and the timer does not run: an earlier run was killed before it was told", () => {
    const there = { ...live, entries: installed };
    expect(commands(planInstall(wanted, there).steps)).toEqual([
      "systemctl daemon-reload",
      "udevadm control --reload",
      "systemctl start ec2nic-repair.timer",
    ]);
    const running = { ...there, activeUnits: ["ec2nic-repair.timer"] };
    expect(planInstall(wanted, running).steps).toEqual([]);
  });

  test("what is not wanted any more, and runs, is stopped while it has its unit", () => {
    const old = [
      file(`${units}/ec2nic-lease.path`),
      file("/etc/dhcp/dhclient-exit-hooks.d/ec2nic"),
    ];
    const plan = planInstall(wanted, { ...live, entries: [...installed, ...old] });
    expect(commands(plan.stepsBefore)).toEqual(["systemctl stop ec2nic-lease.path"]);
    expect(plan.remove).toEqual(old.map((each) => each.path));
    expect(plan.notes.join()).toContain("--from-dhcp");
  });

  test.each([
    [
      "nothing of systemd",
      { ...live, runningDaemons: [], installedDaemons: ["udev"] as const },
      "no systemd here",
    ],
    ["a container", { ...live, runningDaemons: [] }, "systemd does not run here"],
    [
      "a machine without udev",
      { ...live, runningDaemons: ["systemd"] as const },
      "udev does not run",
    ],
    ["an image without udev", { ...image, installedDaemons: ["systemd"] as const }, "no udev here"],
  ])("in %s it says what will not work", (_, facts, said) => {
    expect(planInstall(wanted, facts).notes.join("; ")).toContain(said);
  });

  test("in an image, whose daemons do not run, nothing is missed", () => {
    expect(planInstall(wanted, image).notes).toEqual([]);
  });
});

describe("--uninstall", () => {
  test("the timer is stopped while it still has its unit; then all goes, the note after the folders", () => {
    const note = file(
      createdDirectoriesPath,
      "# written by ec2nic\n/etc/udev\n/etc/udev/rules.d\n",
    );
    const plan = planUninstall({ ...live, entries: [note, ...installed] });
    expect(commands(plan.stepsBefore)).toEqual(["systemctl stop ec2nic-repair.timer"]);
    expect([plan.remove, plan.removeLast]).toEqual([[path, linkPath], [createdDirectoriesPath]]);
    expect(plan.removeDirectories).toEqual(["/etc/udev/rules.d", "/etc/udev"]);
    expect(commands(plan.steps)).toEqual(["systemctl daemon-reload", "udevadm control --reload"]);
  });

  test("in an image no command is run; where nothing is, nothing is done", () => {
    const plan = planUninstall({ ...image, entries: installed });
    expect([plan.stepsBefore, plan.steps]).toEqual([[], []]);
    expect(planUninstall(live)).toMatchObject({ stepsBefore: [], remove: [], steps: [] });
  });

  test("what a killed run was just writing goes too, and a script by its second line", () => {
    const left = file(`${units}/.ec2nic-0123456789ab.tmp`, "# writ");
    const script = file("/etc/udhcpc/ec2nic.script", "#!/bin/sh\n# written by ec2nic: for\n");
    const other = file("/etc/NetworkManager/dispatcher.d/90-ec2nic", "#!/bin/sh\nexit 0\n");
    const plan = planUninstall({ ...live, entries: [left, script, other] });
    expect(plan.remove).toEqual([left.path, script.path]);
    expect(plan.notes).toEqual([`${other.path} was not written by ec2nic: left as it is`]);
  });

  test("a mask, a file and a link of somebody else's stay", () => {
    const other = link(`${units}/a.wants/ec2nic-x.service`, "/usr/lib/systemd/system/y.service");
    const entries = [link(path, "/dev/null"), file(`${units}/ec2nic-x.service`, "[Unit]\n"), other];
    const plan = planUninstall({ ...live, entries });
    expect([plan.remove, plan.stepsBefore]).toEqual([[], []]);
    expect(plan.notes).toHaveLength(3);
  });
});

test("the folders above a path, the root left out", () => {
  expect(parentDirectories("/a/b/c")).toEqual(["/a", "/a/b"]);
});
