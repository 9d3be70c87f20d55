import * as v from "valibot";
import type { BusDevice } from "./bus-device.ts";
import type { Link } from "./link.ts";

/** A NIC as it was seen last. */
export interface NicNote {
  readonly mac: string;
  /** The name of its link. */
  readonly name: string;
  /** null: a link that has none, as a veth. */
  readonly device: NotedDevice | null;
  /** All that IMDS had to say of it was configured, and nobody watched on for more. */
  readonly isSettled: boolean;
}

/** A device as it was: see `BusDevice`. */
export type NotedDevice = Pick<BusDevice, "address" | "node">;

/** What is noted now. */
export interface SeenNics {
  readonly devices: readonly BusDevice[];
  /** Those that are NICs. */
  readonly nics: readonly Link[];
  /** MACs whose files have just been removed. */
  readonly forgotten: readonly string[];
  /** MACs that are configured whole. */
  readonly settled: readonly string[];
  /** MACs of which more may come. */
  readonly unsettled: readonly string[];
}

const schema = v.array(
  v.object({
    mac: v.string(),
    name: v.string(),
    device: v.nullable(v.object({ address: v.string(), node: v.number() })),
    isSettled: v.boolean(),
  }),
);

/** What a file of notes says; nothing where it is none. */
export function parseNicNotes(text: string): readonly NicNote[] {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return parsed.success ? parsed.output : [];
}

/**
 * The notes with what is seen now: a MAC that is not seen keeps its device, which is what they are
 * for, unless it is `forgotten`. Sorted by MAC.
 */
export function noteSeen(notes: readonly NicNote[], seen: SeenNics): readonly NicNote[] {
  const now = seen.nics.flatMap((link) => noteOf(link, notes, seen) ?? []);
  const older = notes.filter(
    ({ mac }) => !seen.forgotten.includes(mac) && now.every((note) => note.mac !== mac),
  );
  return [...older, ...now].toSorted((left, right) => (left.mac < right.mac ? -1 : 1));
}

function noteOf(
  { mac, name }: Link,
  notes: readonly NicNote[],
  { devices, settled, unsettled }: SeenNics,
): NicNote | null {
  if (mac === null) return null;
  const found = devices.find(({ links }) => links.includes(name));
  const device = found === undefined ? null : { address: found.address, node: found.node };
  const before = notes.find((note) => note.mac === mac);
  const isSame = JSON.stringify(before?.device) === JSON.stringify(device);
  const wasSettled = isSame && before?.isSettled === true;
  const isSettled = settled.includes(mac) || (wasSettled && !unsettled.includes(mac));
  return { mac, name, device, isSettled };
}
