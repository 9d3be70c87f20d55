import { expect, test } from "bun:test";
import { findCompetitors } from "../../../src/install/competitors.ts";

const file = (path: string, content = "", isMask = false) => ({ path, content, isMask });
const rules = "/etc/udev/rules.d/90-cloud-init-hook-hotplug.rules";
const policy = "/usr/lib/udev/rules.d/99-vpc-policy-routes.rules";
const cloudSetup = "/etc/systemd/system/timers.target.wants/nm-cloud-setup.timer";
const config = (content: string, name = "cloud.cfg") => file(`/etc/cloud/${name}`, content);
const block = "updates:\n  network:\n    when:\n      - boot\n      - hotplug\n";

test.each([
  ["nobody", [], []],
  ["cloud-init's rules", [file(rules)], ["cloud-init's hotplug"]],
  ["masked rules", [file(rules, "", true), file(policy, "", true)], []],
  ["cloud-init's rules that only lie there to be used", [file(`/usr/lib${rules.slice(4)}`)], []],
  ["amazon-ec2-net-utils", [file(policy)], ["amazon-ec2-net-utils"]],
  ["nm-cloud-setup, enabled", [file(cloudSetup)], ["nm-cloud-setup"]],
  ["nm-cloud-setup, masked", [file(cloudSetup, "", true)], []],
  ["both", [file(rules), file(policy)], ["cloud-init's hotplug", "amazon-ec2-net-utils"]],
  ["a setting, one way", [config("when: [boot, 'hotplug']")], ["cloud-init's hotplug"]],
  ["a setting, the other", [config(block)], ["cloud-init's hotplug"]],
  ["another setting", [config("updates: {network: {when: [boot-new-instance]}}")], []],
  ["a remark", [config("# when: [hotplug]\nx: 1 # when: [hotplug]\n")], []],
  ["other words", [config("mounts: [hotplug]\n- hotplug")], []],
  ["the last word counts", [config(block), config("when: [boot]", "cloud.cfg.d/99-no.cfg")], []],
])("%s", (_, files, names) => {
  expect(findCompetitors(files).map(({ name }) => name)).toEqual(names);
});

test("it says by which files, and what switches it off", () => {
  const [found] = findCompetitors([file(rules), config(block)]);
  expect(found?.files).toEqual([rules, "/etc/cloud/cloud.cfg"]);
  expect(found?.commands).toContain("systemctl disable --now cloud-init-hotplugd.socket");
});

test("what it says to do takes it out of sight", () => {
  const [found] = findCompetitors([config(block)]);
  const [said = ""] = found?.commands ?? [];
  const [, content = "", path = ""] = /^echo '(.*)' >(.*)$/.exec(said) ?? [];
  expect(findCompetitors([config(block), file(path, content)])).toEqual([]);
});
