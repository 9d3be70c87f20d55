import { randomUUID } from "node:crypto";
import { until } from "../../basics/until.ts";
import type { Guest } from "../qemu/guest.ts";
import type { UdevEvent } from "./udev-stream.ts";

/** Sends a last event when udev's queue is empty, and waits until PID 1 has started a unit for it. */
const sendMark = `
set -e
udevadm settle --timeout=300
echo "change $1" >/sys/class/mem/null/uevent
until systemctl --quiet is-active "lab-mark@$1.service"; do sleep 0.05; done
`;

/**
 * The udev events during `act`. When it returns, udev has handled them and PID 1 has enqueued their
 * jobs: both have handled an event that was sent after all others.
 */
export async function eventsOf(
  { agent, udev }: Pick<Guest, "agent" | "udev">,
  act: () => Promise<unknown>,
): Promise<readonly UdevEvent[]> {
  udev.forget();
  await act();
  const mark = randomUUID();
  const isMark = ({ env }: UdevEvent): boolean => env["SYNTH_UUID"] === mark;
  const { code, stderr } = await agent.exec(["sh", "-c", sendMark, "sh", mark], {
    timeoutMs: 400_000,
  });
  if (code !== 0) throw new Error(`the last event was not seen: ended with ${code}: ${stderr}`);
  await until("the last event has come", () =>
    udev.events().some((event) => event.from === "UDEV" && isMark(event)),
  );
  return udev.events().filter((event) => !isMark(event));
}
