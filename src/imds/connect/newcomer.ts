import type { Host } from "../../host/host.ts";
import type { LineUp } from "./line-up.ts";
import { nameOfWay } from "../protocol/path.ts";

const lookAgainMs = 250;

/**
 * Resolves as soon as there is a way that was not there when it was called: a NIC that appeared, or
 * got an address. Rejects with the signal's reason.
 */
export async function newcomer(
  host: Pick<Host, "clock">,
  present: () => Promise<LineUp>,
  stop: AbortSignal,
): Promise<void> {
  const known = new Set(namesOf(await present()));
  for (;;) {
    await host.clock.sleep(lookAgainMs, stop);
    const names = namesOf(await present());
    if (names.some((name) => !known.has(name))) return;
  }
}

function namesOf({ heats }: LineUp): readonly string[] {
  return heats.flat().map(nameOfWay);
}
