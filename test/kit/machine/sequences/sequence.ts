import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import type { Random } from "../../basics/random.ts";

/** The devices that are attached and detached; 0 is the primary, which stays attached. */
export const devices = [1, 2, 3] as const;

/** How an event is delivered: it may be lost, and its run may be killed. */
export interface EventDelivery {
  readonly isLost: boolean;
  /** null: the run is not killed. */
  readonly killAfterMs: number | null;
}

/** A change of the machine, and how its event is delivered. */
export type Action = { readonly afterMs: number; readonly delivery: EventDelivery } & (
  | {
      readonly what: "attach" | "swap" | "change";
      readonly spec: EniSpec;
      readonly lingerMs: number;
    }
  | { readonly what: "detach"; readonly device: number; readonly lingerMs: number }
  | { readonly what: "reload"; readonly device: number; readonly downMs: number }
  | { readonly what: "flap"; readonly device: number; readonly times: number }
);

/** The attached ENIs, by device. */
export type Attached = Readonly<Record<number, EniSpec>>;

export interface Sequence {
  readonly actions: readonly Action[];
  /** The attached ENIs after all actions. */
  readonly attached: Attached;
}

/**
 * Three to seven actions, each possible after those before it, on a machine with its primary only.
 * `number`: the number of the sequence on this machine; no two ENIs get the same address.
 */
export function randomSequence(random: Random, number: number): Sequence {
  let sequence: Sequence = { actions: [], attached: {} };
  const count = 3 + random.below(5);
  for (let at = 0; at < count; at += 1) {
    const device = random.pick(devices);
    const spec = sequence.attached[device];
    const next = randomEni(random, device, number * 8 + at);
    const action =
      spec === undefined ? attachAction(random, next) : randomAction(random, spec, next);
    sequence = {
      actions: [...sequence.actions, action],
      attached: attachedAfter(sequence.attached, action),
    };
  }
  return sequence;
}

function attachedAfter(attached: Attached, action: Action): Attached {
  if ("spec" in action) return { ...attached, [action.spec.device]: action.spec };
  if (action.what !== "detach") return attached;
  return Object.fromEntries(
    Object.entries(attached).filter(([device]) => Number(device) !== action.device),
  );
}

function attachAction(random: Random, next: EniSpec): Action {
  return { ...commonFields(random), what: "attach", spec: withRandomDelay(random, next) };
}

function randomAction(random: Random, spec: EniSpec, next: EniSpec): Action {
  const { device, mac = "" } = spec;
  const rest = commonFields(random);
  const what = random.pick(["detach", "detach", "reload", "flap", "swap", "change"] as const);
  if (what === "detach") return { ...rest, what, device };
  if (what === "reload") return { ...rest, what, device, downMs: random.below(600) };
  if (what === "flap") return { ...rest, what, device, times: 2 + random.below(3) };
  if (what === "change")
    return { ...rest, what, spec: { ...next, mac, ipv4: keepFirstAddress(spec, next) } };
  return { ...rest, what, spec: withRandomDelay(random, next) };
}

/** The first address of an ENI never changes, the others may. */
function keepFirstAddress(
  { ipv4 = [] }: EniSpec,
  { ipv4: other = [] }: EniSpec,
): readonly string[] {
  return [...ipv4.slice(0, 1), ...other.slice(1)];
}

function commonFields(random: Random) {
  const isLost = random.below(6) === 0;
  const killAfterMs = random.below(6) === 0 ? 20 + random.below(900) : null;
  const lingerMs = random.pick([0, 0, 500, 4000]);
  return {
    afterMs: random.pick([0, 0, 50, 200, 700]),
    delivery: { isLost, killAfterMs },
    lingerMs,
  };
}

/** A new ENI in the subnet that all share. */
function randomEni(random: Random, device: number, number: number): EniSpec {
  const [high, low] = [Math.floor(number / 200), 10 + (number % 200)];
  const digits = number.toString(16).padStart(4, "0");
  const more = [`10.1.${high + 64}.${low}`, `10.1.${high + 128}.${low}`];
  const prefix = `10.1.${192 + (Math.floor(number / 16) % 64)}.${(number % 16) * 16}/28`;
  return {
    device,
    mac: `06:ec:2b:${digits.slice(0, 2)}:${digits.slice(2)}:0${device}`,
    ipv4: [`10.1.${high}.${low}`, ...more.slice(0, random.below(3))],
    subnetCidr: "10.1.0.0/16",
    vpcCidrs: ["10.0.0.0/16", "10.1.0.0/16"],
    ipv4Prefixes: random.below(3) === 0 ? [prefix] : [],
  };
}

function withRandomDelay(random: Random, spec: EniSpec): EniSpec {
  const late = random.pick([
    null,
    null,
    { ".": 600 },
    { ".": { afterMs: 800, listed: true } },
    { "local-ipv4s": 900, "device-number": { afterMs: 1200, before: "0" } },
    { "ipv4-prefix": 1200 },
  ]);
  return late === null ? spec : { ...spec, late };
}
