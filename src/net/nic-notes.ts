import * as v from "valibot";
import type { BusDevice } from "./bus-device.ts";
import type { Link } from "./link.ts";

/** On which device a MAC was last seen. */
export interface NicNote {
  readonly mac: string;
  /** null: a link that has none, as a veth. */
  readonly device: NotedDevice | null;
}

/** A device as it was: see `BusDevice`. */
export type NotedDevice = Pick<BusDevice, "address" | "node">;

const deviceSchema = v.object({ address: v.string(), node: v.number() });
const schema = v.array(v.object({ mac: v.string(), device: v.nullable(deviceSchema) }));

/** What a file of notes says; nothing where it is none. */
export function parseNicNotes(text: string): readonly NicNote[] {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return parsed.success ? parsed.output : [];
}

/**
 * The notes with what is seen now: a MAC that is not seen keeps its device, which is what they are
 * for, unless it is `forgotten`. Sorted by MAC.
 */
export function noteSeen(
  notes: readonly NicNote[],
  { devices, links }: { devices: readonly BusDevice[]; links: readonly Link[] },
  forgotten: readonly string[] = [],
): readonly NicNote[] {
  const macs = new Map(links.map(({ name, mac }) => [name, mac]));
  const onBus = devices.flatMap((device) => notesOf(device, macs));
  const bare = links.filter(({ kind, mac }) => {
    return kind === "veth" && onBus.every((note) => note.mac !== mac);
  });
  const seen = [
    ...onBus,
    ...bare.flatMap(({ mac }) => (mac === null ? [] : [{ mac, device: null }])),
  ];
  const older = notes.filter(
    ({ mac }) => !forgotten.includes(mac) && seen.every((note) => note.mac !== mac),
  );
  return [...older, ...seen].toSorted((left, right) => (left.mac < right.mac ? -1 : 1));
}

function notesOf(
  { address, node, links }: BusDevice,
  macs: ReadonlyMap<string, string | null>,
): readonly NicNote[] {
  const found = links.map((name) => macs.get(name) ?? null).find((mac) => mac !== null);
  return found === undefined || found === null ? [] : [{ mac: found, device: { address, node } }];
}
