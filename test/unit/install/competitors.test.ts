import { expect, test } from "bun:test";
import { findCompetitors } from "../../../src/install/competitors.ts";

const file = (path: string, content = "", isMask = false) => ({ path, content, isMask });
const rules = "/etc/udev/rules.d/90-cloud-init-hook-hotplug.rules";
const policy = "/usr/lib/udev/rules.d/99-vpc-policy-routes.rules";
const cloudSetup = "/etc/systemd/system/timers.target.wants/nm-cloud-setup.timer";
const config = (content: string, name = "cloud.cfg") => file(`/etc/cloud/${name}`, content);
const block = "updates:\n  network:\n    when:\n      - boot\n      - hotplug\n";

test.each([
  ["no file", [], []],
  ["cloud-init's rules", [file(rules)], ["cloud-init's hotplug"]],
  ["masked rules", [file(rules, "", true), file(policy, "", true)], []],
  ["cloud-init's rules outside of rules.d of /etc", [file(`/usr/lib${rules.slice(4)}`)], []],
  ["amazon-ec2-net-utils", [file(policy)], ["amazon-ec2-net-utils"]],
  ["nm-cloud-setup, enabled", [file(cloudSetup)], ["nm-cloud-setup"]],
  ["nm-cloud-setup, masked", [file(cloudSetup, "", true)], []],
  ["both", [file(rules), file(policy)], ["cloud-init's hotplug", "amazon-ec2-net-utils"]],
  ["the setting on one line", [config("when: [boot, 'hotplug']")], ["cloud-init's hotplug"]],
  ["the setting on several lines", [config(block)], ["cloud-init's hotplug"]],
  ["another setting", [config("updates: {network: {when: [boot-new-instance]}}")], []],
  ["the setting in a comment", [config("# when: [hotplug]\nx: 1 # when: [hotplug]\n")], []],
  ["the word in other settings", [config("mounts: [hotplug]\n- hotplug")], []],
  [
    "the setting of a later file counts",
    [config(block), config("when: [boot]", "cloud.cfg.d/99-no.cfg")],
    [],
  ],
])("findCompetitors with %s", (_, files, names) => {
  expect(findCompetitors(files).map(({ name }) => name)).toEqual(names);
});

test("a competitor has the files that show it and the commands that switch it off", () => {
  const [found] = findCompetitors([file(rules), config(block)]);
  expect(found?.files).toEqual([rules, "/etc/cloud/cloud.cfg"]);
  expect(found?.commands).toContain("systemctl disable --now cloud-init-hotplugd.socket");
});

test("the commands of a competitor remove it from the next result", () => {
  const [found] = findCompetitors([config(block)]);
  const [command = ""] = found?.commands ?? [];
  const [, content = "", path = ""] = /^echo '(.*)' >(.*)$/.exec(command) ?? [];
  expect(findCompetitors([config(block), file(path, content)])).toEqual([]);
});
