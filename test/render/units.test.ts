import { describe, expect, test } from "bun:test";
import { basename } from "node:path";
import { renderUnits } from "../../src/render/units.ts";
import { missingTool, testUnless } from "../support/skip.ts";
import { verifyUnits } from "../support/verify-units.ts";

const units = renderUnits("/usr/local/bin/ec2nic");
const named = (name: string) =>
  units.find(({ path }) => basename(path) === name)?.content.split("\n") ?? [];
const services = ["ec2nic-local.service", "ec2nic-network.service", "ec2nic-repair.service"];

test("three services and a timer, for everybody to read", () => {
  expect(units.map(({ path, mode }) => [basename(path), mode])).toEqual(
    [...services, "ec2nic-repair.timer"].map((name) => [name, 0o644]),
  );
});

test("the local stage is before the network and after nothing that comes late", () => {
  const lines = named("ec2nic-local.service");
  expect(lines).toContain("DefaultDependencies=no");
  expect(lines).toContain("Wants=network-pre.target");
  expect(lines).toContain("Before=network-pre.target shutdown.target");
  expect(lines).toContain("Conflicts=shutdown.target");
});

test("before the network nobody is asked, and only where NetworkManager is to be told something", () => {
  const lines = named("ec2nic-local.service");
  expect(lines).toContain("ExecStart=/usr/local/bin/ec2nic activate --stage local --offline");
  expect(lines).toContain(
    "ConditionPathExistsGlob=/etc/systemd/system/*.wants/NetworkManager.service",
  );
  expect(lines).toContain("ConditionPathIsSymbolicLink=!/etc/resolv.conf");
  expect(lines).toContain("ConditionPathExists=!/etc/NetworkManager/conf.d/90-ec2nic-dns.conf");
});

test("after it nobody waits, and each start of a daemon starts a run, too", () => {
  const lines = named("ec2nic-network.service");
  expect(lines).toContain("Type=exec");
  expect(lines).toContain("ExecStart=/usr/local/bin/ec2nic activate --stage network --dhcp");
  expect(lines.filter((line) => line.startsWith("WantedBy="))).toEqual(
    ["multi-user.target", "systemd-networkd.service", "NetworkManager.service"].map(
      (unit) => `WantedBy=${unit}`,
    ),
  );
});

test.each(services)("%s fails no boot, and hardens what can be", (name) => {
  const lines = named(name);
  expect(lines).toContain("SuccessExitStatus=UNAVAILABLE TEMPFAIL CONFIG");
  expect(lines).toContain("ConditionFileIsExecutable=/usr/local/bin/ec2nic");
  expect(lines).toContain("ConditionVirtualization=|amazon");
  expect(lines).toContain("NoNewPrivileges=yes");
  expect(lines.find((line) => line.startsWith("UnsetEnvironment="))).toContain("BUN_OPTIONS");
  // JavaScript is compiled at run time.
  expect(lines.join("\n")).not.toContain("MemoryDenyWriteExecute");
  // https://github.com/systemd/systemd/issues/40980
  expect(lines.join("\n")).not.toMatch(/sysinit\.target|network-online/);
  expect(lines.join("\n")).not.toMatch(/RequiredBy|Requires=/);
});

test.each(["ec2nic", "/a b", "/a%n", "/a$x", "/a\nb", "/a;b", ""])(
  "the program %j is refused",
  (program) => expect(() => renderUnits(program)).toThrow(RangeError),
);

describe("systemd-analyze verify", () => {
  const verified = testUnless(missingTool("systemd-analyze"));

  const texts = units.map(({ path, content }) => ({ name: basename(path), content }));

  verified("accepts them all", async () => {
    expect(await verifyUnits(texts)).toEqual({ code: 0, said: [] });
  });

  verified("says something of a unit that is wrong", async () => {
    const wrong = texts.map(({ name, content }) => {
      return { name, content: content.replace("Type=oneshot", "Tipe=oneshot") };
    });
    expect((await verifyUnits(wrong)).said.join("\n")).toContain("Tipe");
  });
});
