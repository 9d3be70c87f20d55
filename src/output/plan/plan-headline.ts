import type { NetworkPlan } from "../../model/network-plan.ts";

/** What a plan comes to, in a line: `netplan: 1 file to write, 2 commands to run`. */
export function planHeadline({ backend, write, remove, steps }: NetworkPlan): string {
  if (write.length + remove.length + steps.length === 0) return `${backend}: nothing to do`;
  const parts = [
    counted(write.length, "file to write", "files to write"),
    counted(remove.length, "file to remove", "files to remove"),
    counted(steps.length, "command to run", "commands to run"),
  ];
  return `${backend}: ${parts.filter((part) => part !== "").join(", ")}`;
}

function counted(count: number, one: string, many: string): string {
  if (count === 0) return "";
  return `${count} ${count === 1 ? one : many}`;
}
