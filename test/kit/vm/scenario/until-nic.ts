import type { Vm } from "../vm.ts";

/** Waits until a NIC of that name is there: the kernel's own name has been changed. */
export async function untilNic(vm: Pick<Vm, "exec" | "until">, name: string): Promise<void> {
  const look = async (): Promise<boolean> =>
    (await vm.exec(["test", "-e", `/sys/class/net/${name}`])).code === 0;
  await vm.until(`${name} is there`, look, 20_000);
}
