import { expect } from "bun:test";
import type { MachineCommands } from "../machine-commands.ts";

/** Asserts that `activate --check` finds no difference on a machine. */
export async function expectNoDifference({ exec }: Pick<MachineCommands, "exec">): Promise<void> {
  const { code, stdout, stderr } = await exec(["ec2nic", "activate", "--check"]);
  expect({ code, stdout, stderr: code === 0 ? "" : stderr }).toEqual({
    code: 0,
    stdout: "no difference\n",
    stderr: "",
  });
}

/** Asserts that `activate --check` finds no difference, and that `activate` changes nothing. */
export async function expectNothingToDo(machine: Pick<MachineCommands, "exec">): Promise<void> {
  await expectNoDifference(machine);
  const { stdout } = await machine.exec(["ec2nic", "activate", "--json"]);
  const { outcome, plan } = JSON.parse(stdout);
  const { steps, write, remove } = plan;
  const nothing = { steps: [], write: [], remove: [] };
  expect({ outcome, steps, write, remove }).toEqual({ outcome: "unchanged", ...nothing });
}
