import { describe, expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import { hotplugMachine } from "../../../kit/propagation/hotplug-machine.ts";

const nothing = "info: nothing of ours is gone";
const isHere = "info: ens6 is here: nothing is taken away";

test.each<readonly [readonly string[], string]>([
  [[], nothing],
  [["--nic", "ens66"], nothing],
  [["--nic", "ens6"], isHere],
  [["--mac", "06:ec:2a:00:00:01"], isHere],
  [["--devpath", "vif-1"], nothing],
])("remove %j says what was found", async (flags, line) => {
  const { run, requestedPaths } = hotplugMachine();
  const { code, messages } = await run("remove", ...flags);
  expect({ code, messages, requestedPaths }).toEqual({
    code: 0,
    messages: [line],
    requestedPaths: [],
  });
});

test("what is gone is told as it was", async () => {
  const { run, disk } = hotplugMachine();
  await run("add", "--nic", "ens6", "--settle", "0s");
  for (const path of disk.keys()) if (path.includes("/net/ens6/")) disk.delete(path);
  const { code, messages } = await run("remove", "--nic", "ens6");
  expect({ code, messages }).toEqual({
    code: 0,
    messages: ["info: 06:ec:2a:00:00:01: retired (its device has left the machine)"],
  });
});

describe("for whom is not root, and may not read our notes", () => {
  const bench = hotplugMachine();
  const stat = async (path: string) => {
    const found = await bench.files.stat(path);
    return path === "/run/ec2nic" && found !== null ? { ...found, mode: 0o700 } : found;
  };
  const read = async (path: string) => {
    if (path.startsWith("/run/ec2nic")) throw new Failure("NOPERM", `${path}: not allowed to read`);
    return bench.files.read(path);
  };
  const somebody = { uid: 65534, files: { ...bench.files, stat, read } };

  test("nothing to do is nothing to do", async () => {
    await bench.run("add", "--nic", "ens6", "--settle", "0s");
    const removed = await bench.runAs(somebody, "remove");
    expect(removed).toMatchObject({ code: 0, messages: [nothing] });
    const flags = ["add", "--devpath", "/devices/virtual/net/ens6", "--dry-run"];
    expect((await bench.runAs(somebody, ...flags)).code).toBe(0);
  });

  test("what became of a NIC that is missing takes root to know", async () => {
    for (const path of bench.disk.keys()) if (path.includes("/net/ens6/")) bench.disk.delete(path);
    expect((await bench.runAs(somebody, "remove")).code).toBe(77);
    expect((await bench.run("remove")).code).toBe(0);
  });
});

test("a NIC comes, and what another one left cannot be taken away: that ends the run", async () => {
  const bench = hotplugMachine();
  const left = "/etc/systemd/network/60-ec2nic-06ec2a000009.network";
  await bench.files.write(left, "# written by ec2nic\n#\n# eni-9, index 9\n", 0o644);
  const failing = async (path: string) => {
    if (path === left) throw new Failure("CANTCREAT", `${path}: could not be removed`);
    return bench.files.remove(path);
  };
  const args = ["add", "--nic", "ens6", "--settle", "0s", "--json"] as const;
  const { code, text } = await bench.runAs({ files: { ...bench.files, remove: failing } }, ...args);
  const { nics } = JSON.parse(text);
  expect({ code, nics }).toMatchObject({
    code: 73,
    nics: [
      { mac: "06:ec:2a:00:00:01", outcome: "configured" },
      { mac: "06:ec:2a:00:00:09", outcome: "failed" },
    ],
  });
  expect((await bench.run("remove")).messages.join()).toContain("06:ec:2a:00:00:09: retired");
});
