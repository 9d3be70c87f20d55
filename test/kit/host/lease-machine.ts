import type { ExecOptions, ExecResult } from "../../../src/host/host.ts";
import type { LeaseHost } from "../../../src/ephemeral-dhcp/leases.ts";
import { fakeClock, fakeFiles, fakeLog } from "./fake-host.ts";

/** The NIC of `leaseMachine`, and where the leases are recorded. */
export const leaseNic = { name: "eth1", mac: "06:a1:00:00:00:06", addresses: [] } as const;
export const leaseJournalPath = "/run/ec2nic/dhcp/leases.json";

/** Called before each command; a string is what the command prints, a number how it ends. */
type OnCommand = (command: string, options?: ExecOptions) => string | number | void;

/** A machine with udhcpc and one NIC that is up. */
export function leaseMachine(on: OnCommand = () => undefined) {
  const files = fakeFiles({
    "/sbin/udhcpc": "",
    "/bin/true": "",
    "/sys/class/net/eth1/flags": "0x1003",
    "/sys/class/net/eth1/carrier": "1",
    "/sys/class/net/eth1/address": leaseNic.mac,
    "/proc/4711/stat": `4711 (a) b) S ${Array.from({ length: 30 }, (_, at) => at + 4).join(" ")}`,
  });
  const done: string[] = [];
  const exec = async (argv: readonly string[], options?: ExecOptions): Promise<ExecResult> => {
    const command = argv.join(" ");
    done.push(command);
    options?.onStart?.(4711);
    const result = on(command, options);
    if (command.includes("udhcpc -f"))
      options?.onText?.("udhcpc: lease of 10.0.1.20 obtained from");
    const code = typeof result === "number" ? result : 0;
    const stdout = typeof result === "string" ? result : "";
    return { code, isStarted: true, stdout, stderr: "" };
  };
  const ending = new AbortController();
  const held = { count: 0 };
  const host: LeaseHost = {
    clock: fakeClock(),
    endProcess: async (pid, startTime) => void done.push(`end ${pid} ${startTime}`),
    env: { PATH: "/sbin:/bin" },
    exec,
    files,
    log: fakeLog(),
    signal: ending.signal,
    takeLock: async () => {
      if (held.count > 0) return null;
      held.count += 1;
      return () => void (held.count -= 1);
    },
    uid: 0,
  };
  const readJournal = (): string | null => {
    const file = files.there.get(leaseJournalPath);
    return file === undefined ? null : new TextDecoder().decode(file.content);
  };
  return { host, done, ending, held, readJournal, files };
}
