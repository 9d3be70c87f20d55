import type { Vm } from "../vm.ts";

/** Waits until a NIC has this name, after udev has renamed it. */
export async function untilNic(vm: Pick<Vm, "exec" | "until">, name: string): Promise<void> {
  const look = async (): Promise<boolean> =>
    (await vm.exec(["test", "-e", `/sys/class/net/${name}`])).code === 0;
  await vm.until(`${name} exists`, look, 200_000);
}
