import { describe, expect, test } from "bun:test";
import type {
  Installation,
  InstalledEntry,
  InstallFacts,
} from "../../../src/install/units/model.ts";
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
  test("without udev, as in a container, reloads systemd only", () => {
    const plan = planInstall(wanted, { ...live, runningDaemons: ["systemd"] });
    expect(commands(plan.steps)).not.toContain("udevadm control --reload");
  });

  test("lists created folders in a file before it creates them, with those of earlier runs", () => {
    const list = file(createdDirectoriesPath, "# written by ec2nic\n/etc/udev\n");
    const [first] = planInstall(wanted, { ...image, directories: ["/etc"], entries: [list] }).write;
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
  ])("where the path has %s", (_, thing, written) => {
    const plan = planInstall(wanted, { ...image, entries: [thing] });
    expect(plan.write.map((each) => each.path)).toEqual(written);
    expect(plan.remove).toEqual([]);
  });

  test("has a note for a masked unit, and does not start it", () => {
    const plan = planInstall(wanted, { ...live, entries: [link(path, "/dev/null")] });
    expect(plan.notes).toEqual([`${path} is masked, so it is not changed`]);
    expect([plan.links, plan.steps]).toEqual([[], []]);
  });

  test("starts a timer that does not run where all files exist: an earlier run was killed", () => {
    const there = { ...live, entries: installed };
    expect(commands(planInstall(wanted, there).steps)).toEqual([
      "systemctl daemon-reload",
      "udevadm control --reload",
      "systemctl start ec2nic-repair.timer",
    ]);
    const running = { ...there, activeUnits: ["ec2nic-repair.timer"] };
    expect(planInstall(wanted, running).steps).toEqual([]);
  });

  test("stops a unit that is no longer needed before it removes its file", () => {
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
      "a machine without systemd",
      { ...live, runningDaemons: [], installedDaemons: ["udev"] as const },
      "systemd is not installed",
    ],
    ["a container", { ...live, runningDaemons: [] }, "systemd is not running"],
    [
      "a machine without udev",
      { ...live, runningDaemons: ["systemd"] as const },
      "udev is not running",
    ],
    [
      "an image without udev",
      { ...image, installedDaemons: ["systemd"] as const },
      "udev is not installed",
    ],
  ])("in %s has a note of what will not work", (_, facts, said) => {
    expect(planInstall(wanted, facts).notes.join("; ")).toContain(said);
  });

  test("in an image has no note about daemons that do not run", () => {
    expect(planInstall(wanted, image).notes).toEqual([]);
  });
});

describe("--uninstall", () => {
  test("removes a temporary file of a killed run, and a script with the mark in its second line", () => {
    const left = file(`${units}/.ec2nic-0123456789ab.tmp`, "# writ");
    const script = file("/etc/udhcpc/ec2nic.script", "#!/bin/sh\n# written by ec2nic: for\n");
    const other = file("/etc/NetworkManager/dispatcher.d/90-ec2nic", "#!/bin/sh\nexit 0\n");
    const plan = planUninstall({ ...live, entries: [left, script, other] });
    expect(plan.remove).toEqual([left.path, script.path]);
    expect(plan.notes).toEqual([`${other.path} was not written by ec2nic, so it is not changed`]);
  });

  test("keeps a mask, a file and a link that ec2nic did not write", () => {
    const other = link(`${units}/a.wants/ec2nic-x.service`, "/usr/lib/systemd/system/y.service");
    const entries = [link(path, "/dev/null"), file(`${units}/ec2nic-x.service`, "[Unit]\n"), other];
    const plan = planUninstall({ ...live, entries });
    expect([plan.remove, plan.stepsBefore]).toEqual([[], []]);
    expect(plan.notes).toHaveLength(3);
  });
});
