import type { Vm } from "../../../test/kit/vm/vm.ts";
import { echoFiles } from "./echo-program.ts";
import { type Echo, parseEchoes } from "./echoes.ts";
import { guestNow } from "./guest-clock.ts";

/** An answer takes at most so long; what was sent later may still be answered. */
const pendingS = 1;

/** Lets the guest send echoes from these addresses, from now on and after each boot. */
export async function sendEchoes(vm: Vm, addresses: readonly string[]): Promise<void> {
  await vm.write(echoFiles.from, addresses.map((address) => `${address}\n`).join(""));
}

/** The echoes since the boot, or since a moment; not the last ones, whose answers may come yet. */
export async function echoesOf(vm: Vm, sinceS = 0): Promise<readonly Echo[]> {
  const untilS = (await guestNow(vm)) - pendingS;
  const { stdout } = await vm.exec(["cat", echoFiles.log]);
  return parseEchoes(stdout).filter(({ sentS }) => sentS >= sinceS && sentS < untilS);
}
