import type { Vm } from "../vm.ts";

/** When a unit reached a state (`ActiveEnter`, `ExecMainExit`), in seconds since the start of the kernel; null: not yet. */
export async function unitSeconds(
  vm: Pick<Vm, "run">,
  unit: string,
  what: "ActiveEnter" | "ExecMainStart" | "ExecMainExit",
): Promise<number | null> {
  const argv = ["systemctl", "show", "--value", `--property=${what}TimestampMonotonic`, unit];
  const microseconds = Number(await vm.run(argv));
  return microseconds === 0 ? null : Math.round(microseconds / 10_000) / 100;
}
