import { describe, expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import { hotplugMachine } from "../../../kit/propagation/hotplug-machine.ts";

const noneRemoved = "info: nothing to clean up, because no NIC configured by ec2nic was removed";
const isHere = "info: ens6 is still present, so nothing was removed";

test.each<readonly [readonly string[], string]>([
  [[], noneRemoved],
  [["--nic", "ens66"], noneRemoved],
  [["--nic", "ens6"], isHere],
  [["--mac", "06:ec:2a:00:00:01"], isHere],
  [["--devpath", "vif-1"], noneRemoved],
])("remove %j reports what it found", async (flags, line) => {
  const { run, requestedPaths } = hotplugMachine();
  const { code, messages } = await run("remove", ...flags);
  expect({ code, messages, requestedPaths }).toEqual({
    code: 0,
    messages: [line],
    requestedPaths: [],
  });
});

test("remove reports a detached NIC as retired", async () => {
  const { run, disk } = hotplugMachine();
  await run("add", "--nic", "ens6", "--settle", "0s");
  for (const path of disk.keys()) if (path.includes("/net/ens6/")) disk.delete(path);
  const { code, messages } = await run("remove", "--nic", "ens6");
  expect({ code, messages }).toEqual({
    code: 0,
    messages: ["info: 06:ec:2a:00:00:01: retired (its device has left the machine)"],
  });
});

describe("a user who is not root and cannot read the records", () => {
  const machine = hotplugMachine();
  const stat = async (path: string) => {
    const found = await machine.files.stat(path);
    return path === "/run/ec2nic" && found !== null ? { ...found, mode: 0o700 } : found;
  };
  const read = async (path: string) => {
    if (path.startsWith("/run/ec2nic")) throw new Failure("NOPERM", `${path}: could not be read`);
    return machine.files.read(path);
  };
  const otherUser = { uid: 65534, files: { ...machine.files, stat, read } };

  test("can run remove where no NIC is missing", async () => {
    await machine.run("add", "--nic", "ens6", "--settle", "0s");
    const removed = await machine.runAs(otherUser, "remove");
    expect(removed).toMatchObject({ code: 0, messages: [noneRemoved] });
    const flags = ["add", "--devpath", "/devices/virtual/net/ens6", "--dry-run"];
    expect((await machine.runAs(otherUser, ...flags)).code).toBe(0);
  });

  test("gets 77 where a NIC is missing", async () => {
    for (const path of machine.disk.keys())
      if (path.includes("/net/ens6/")) machine.disk.delete(path);
    expect((await machine.runAs(otherUser, "remove")).code).toBe(77);
    expect((await machine.run("remove")).code).toBe(0);
  });
});

test("hotplug add ends with 73 where a file of a detached NIC cannot be removed", async () => {
  const machine = hotplugMachine();
  const left = "/etc/systemd/network/60-ec2nic-06ec2a000009.network";
  await machine.files.write(left, "# written by ec2nic\n#\n# eni-9, index 9\n", 0o644);
  const failing = async (path: string) => {
    if (path === left) throw new Failure("CANTCREAT", `${path}: could not be removed`);
    return machine.files.remove(path);
  };
  const args = ["add", "--nic", "ens6", "--settle", "0s", "--json"] as const;
  const { code, text } = await machine.runAs(
    { files: { ...machine.files, remove: failing } },
    ...args,
  );
  const { nics } = JSON.parse(text);
  expect({ code, nics }).toMatchObject({
    code: 73,
    nics: [
      { mac: "06:ec:2a:00:00:01", outcome: "configured" },
      { mac: "06:ec:2a:00:00:09", outcome: "failed" },
    ],
  });
  expect((await machine.run("remove")).messages.join()).toContain("06:ec:2a:00:00:09: retired");
});
