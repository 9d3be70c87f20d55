import type { Vm } from "../../../test/kit/vm/vm.ts";
import { echoFiles, echoPeriodS } from "./echo-program.ts";
import { countLost, type Echo, parseEchoes } from "./echoes.ts";
import { ownAddresses, primary } from "./enis.ts";
import { guestNow } from "./guest-clock.ts";

/** The longest time that an answer takes: a later echo may still be answered. */
const pendingS = 1;

/** Makes the guest send echoes from these addresses, from now on and after each boot. */
export async function sendEchoes(vm: Vm, addresses: readonly string[]): Promise<void> {
  await vm.write(echoFiles.from, addresses.map((address) => `${address}\n`).join(""));
}

/** The echoes since a time of the guest's clock, without the last, whose answers may still come. */
export async function echoesOf(vm: Vm, sinceS = 0): Promise<readonly Echo[]> {
  const untilS = (await guestNow(vm)) - pendingS;
  const { stdout } = await vm.exec(["cat", echoFiles.log]);
  return parseEchoes(stdout).filter(({ sentS }) => sentS >= sinceS && sentS < untilS);
}

/** For how many seconds echoes from the primary's IPv4 address were not answered. */
export function primaryLostS(echoes: readonly Echo[]): number {
  const [address = ""] = ownAddresses(primary);
  return countLost(echoes, address) * echoPeriodS;
}
