import type { HotplugSchedule } from "./hotplug-schedules.ts";
import type { Late } from "../../../scripts/simulator/scenario/lateness.ts";

/** The same schedule with all times multiplied; the number of faults stays the same. */
export function scaleSchedule(schedule: HotplugSchedule, factor: number): HotplugSchedule {
  const { eni, changes = [], faults = [], possibleMs, completeMs } = schedule;
  const lateKeys = Object.entries(eni.late ?? {});
  const late = lateKeys.map(([key, each]) => [key, scaleLate(each, factor)] as const);
  return {
    ...schedule,
    eni: { ...eni, late: Object.fromEntries(late) },
    changes: changes.map((change) => ({ ...change, afterMs: change.afterMs * factor })),
    faults: faults.map((rule) => {
      return rule.forMs === undefined ? rule : { ...rule, forMs: rule.forMs * factor };
    }),
    possibleMs: possibleMs === null ? null : possibleMs * factor,
    ...(completeMs === undefined ? {} : { completeMs: completeMs * factor }),
  };
}

function scaleLate(late: Late, factor: number): Late {
  if (typeof late === "number") return late * factor;
  return { ...late, afterMs: late.afterMs * factor };
}

/** The longest time without a new value, in milliseconds: `--settle` must be longer. */
export function longestQuietMs({ eni, changes = [], possibleMs }: HotplugSchedule): number {
  const lateMs = Object.values(eni.late ?? {}).map((each) => {
    return typeof each === "number" ? each : each.afterMs;
  });
  const steps = [possibleMs ?? 0, ...lateMs, ...changes.map(({ afterMs }) => afterMs)];
  const after = steps.filter((ms) => ms >= (possibleMs ?? 0)).toSorted((a, b) => a - b);
  return Math.max(0, ...after.slice(1).map((ms, at) => ms - (after[at] ?? 0)));
}
