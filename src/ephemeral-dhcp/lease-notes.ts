import * as v from "valibot";

/**
 * What a run that takes leases puts down before each change: where it is found and nobody holds the
 * lock, a run was killed, and this is what it left. A reboot takes both away.
 */
export interface LeaseNotes {
  readonly taken: readonly LeaseNote[];
}

/** What is changed, or may be by now, for the sake of one NIC's lease. */
export interface LeaseNote {
  readonly nic: string;
  /** A link of another MAC is another NIC, which is left alone. */
  readonly mac: string;
  /** Its numbers: see `lease-numbers.ts`. */
  readonly slot: number;
  readonly wasDown: boolean;
  /** Hosts that are asked through it: IPv4 addresses. */
  readonly endpoints: readonly string[];
  /** null: none was granted yet. */
  readonly address: string | null;
  /** The DHCP client; null: not started yet, or ended. */
  readonly client: ProcessNote | null;
  /** networkd was asked, and has to be told that it is over. */
  readonly isNetworkd: boolean;
  /** Files and settings that the client writes and has no option not to write. */
  readonly files: readonly FileNote[];
  /** Folders that the client makes, as far as they were not there. */
  readonly folders: readonly string[];
}

export interface ProcessNote {
  readonly pid: number;
  /** Field 22 of proc_pid_stat(5): a number may mean another process by now. */
  readonly startTime: string;
}

export interface FileNote {
  readonly path: string;
  /** null: there was none. */
  readonly previous: { readonly base64: string; readonly mode: number } | null;
}

const schema = v.object({
  taken: v.array(
    v.object({
      nic: v.string(),
      mac: v.string(),
      slot: v.number(),
      wasDown: v.boolean(),
      endpoints: v.array(v.string()),
      address: v.nullable(v.string()),
      client: v.nullable(v.object({ pid: v.number(), startTime: v.string() })),
      isNetworkd: v.boolean(),
      files: v.array(
        v.object({
          path: v.string(),
          previous: v.nullable(v.object({ base64: v.string(), mode: v.number() })),
        }),
      ),
      folders: v.array(v.string()),
    }),
  ),
});

/** null: these are no notes of ours. */
export function parseLeaseNotes(text: string): LeaseNotes | null {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return result.success ? result.output : null;
}
