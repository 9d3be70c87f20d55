import { expect, test } from "bun:test";
import type { Host } from "../../../../src/host/host.ts";
import { addFiles, hotplugMachine, secondMac } from "../../../kit/propagation/hotplug-machine.ts";

const running = "LoadState=loaded\nUnitFileState=enabled\nSubState=running\n";

/** Adds a NIC on a machine where networkd runs, and `networkctl reload` fails so many times. */
async function addWith(failures: number) {
  const machine = hotplugMachine();
  addFiles(machine.disk, { "/run/systemd/system/x": "" });
  let reloads = 0;
  const exec: Host["exec"] = async ([program, ...words]) => {
    const isReload = program === "networkctl" && words[0] === "reload";
    if (isReload) reloads += 1;
    const code = isReload && reloads <= failures ? 1 : 0;
    const unit = words.at(-1) === "systemd-networkd.service" ? running : "";
    return { code, isStarted: true, stdout: program === "ip" ? "[]" : unit, stderr: "" };
  };
  const flags = ["--stage", "network", "--json"] as const;
  const { code, text } = await machine.runAs({ exec }, "add", "--nic", "ens6", ...flags);
  const file = machine.disk.get("/run/ec2nic/nics.json")?.content;
  const records: readonly { mac: string; isSettled: boolean }[] = JSON.parse(
    new TextDecoder().decode(file),
  );
  const isRecorded = records.some(({ mac, isSettled }) => mac === secondMac && isSettled);
  return { code, outcome: JSON.parse(text).nics[0].outcome, isRecorded };
}

test("an activation that fails once is tried again when the NIC has settled", async () => {
  expect(await addWith(1)).toEqual({ code: 0, outcome: "configured", isRecorded: true });
});

// a NIC that is recorded as settled would be left alone after the reload of its driver
test("a NIC whose last activation failed is not recorded as settled", async () => {
  expect(await addWith(Infinity)).toEqual({ code: 71, outcome: "failed", isRecorded: false });
});
