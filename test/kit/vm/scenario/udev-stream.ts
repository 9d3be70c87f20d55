import { lineSocket } from "../qemu/line-socket.ts";

/** An event of `udevadm monitor --property`: from the kernel, or from udev after it handled it. */
export interface UdevEvent {
  readonly from: "KERNEL" | "UDEV";
  readonly env: Readonly<Record<string, string>>;
}

export interface UdevStream {
  /** All events since the last `forget`. */
  readonly events: () => readonly UdevEvent[];
  readonly forget: () => void;
  readonly close: () => void;
}

/** Connects to the port of the guest's udev events. */
export async function connectUdev(path: string): Promise<UdevStream> {
  let events: readonly UdevEvent[] = [];
  let from: UdevEvent["from"] | null = null;
  let env: Record<string, string> = {};
  const socket = await lineSocket(path, (line) => {
    const head = /^(KERNEL|UDEV) *\[/.exec(line)?.[1];
    if (head === "KERNEL" || head === "UDEV") {
      from = head;
      env = {};
      return;
    }
    const equals = line.indexOf("=");
    if (equals > 0) env[line.slice(0, equals)] = line.slice(equals + 1);
    if (line !== "" || from === null) return;
    events = [...events, { from, env }];
    from = null;
  });
  return { events: () => events, forget: () => void (events = []), close: socket.close };
}
