import {
  type HotplugSchedule,
  hotplugSchedules,
} from "../../../test/kit/propagation/hotplug-schedules.ts";
import { formatSeconds } from "../../shared/format.ts";
import { netUtilsCheckout } from "../../shared/net-utils-checkout.ts";
import type { Figure } from "../figure.ts";
import { cloudInit } from "./cloud-init.ts";
import type { ComparedProgram } from "./compared-program.ts";
import { ec2NetUtils } from "./ec2-net-utils.ts";
import { ec2nic } from "./ec2nic.ts";
import { type Measurement, prepareMeasurement, watchedMs } from "./measure.ts";

/** The schedules that show most. `SCHEDULES=all` takes all, and part of a name those that have it. */
const complete = "complete from the start, with all there is";
const defaultSchedules: readonly string[] = [
  complete,
  "not listed for 20 s",
  "device-number 0 for 15 s",
  "device-number 0, then 1, on the second card",
  "network-card late on a type with several",
  "the MAC vanishing before it is complete",
  "IPv6 at 8 s, a prefix of each family at 12 s",
  "the second address not said for a while",
];

/**
 * Plugs in the same NICs, whose metadata appears in the same order, for ec2nic and for the programs
 * that distributions have for this. Each program runs on its own machine, with a real systemd,
 * networkd and netplan. Prints a table.
 */
export async function benchHotPlug(): Promise<readonly Figure[]> {
  const checkout = netUtilsCheckout();
  const netUtils = checkout === null ? [] : [ec2NetUtils(checkout)];
  const programs = [ec2nic, cloudInit, ...netUtils];
  const chosen = Object.entries(hotplugSchedules).filter(([name]) => isChosen(name));
  console.log(
    `\n${chosen.length} of ${Object.keys(hotplugSchedules).length} hot-plugged NICs ` +
      `(SCHEDULES=all: all), each watched for ${formatSeconds(watchedMs, 0)}.\n` +
      "Times count from the attachment until a host outside of the VPC answers. The line of a NIC\n" +
      "has the earliest possible times.\n",
  );
  printLine(["", "first", "all", "requests", "host-wide", "outcome"]);
  const figures: Figure[] = [];
  for (const [name, schedule] of chosen) {
    const [own] = await compare(name, schedule, programs);
    if (name !== complete) continue;
    const [, usableMs] = /usable at (\d+) ms/.exec(own?.outcome ?? "") ?? [];
    figures.push({ name: "hotplug: usable, metadata complete, ms", value: Number(usableMs) });
  }
  return figures;
}

async function compare(
  name: string,
  schedule: HotplugSchedule,
  programs: readonly ComparedProgram[],
): Promise<readonly Measurement[]> {
  const { possibleMs, completeMs } = schedule;
  const measurements = await measureAtOnce(programs, schedule);
  printLine([name, timeOrNone(possibleMs), timeOrNone(completeMs ?? possibleMs), "", "", ""]);
  measurements.forEach((each, at) => {
    printLine([`  ${programs[at]?.name}`, ...cells(each)]);
  });
  return measurements;
}

/** Measures all programs at the same time, when all machines are ready. */
async function measureAtOnce(
  programs: readonly ComparedProgram[],
  schedule: HotplugSchedule,
): Promise<readonly Measurement[]> {
  await using machines = new AsyncDisposableStack();
  const prepared = await Promise.all(
    programs.map(async (program) => {
      const measurement = await prepareMeasurement(program, schedule);
      machines.defer(measurement.stop);
      return measurement;
    }),
  );
  return await Promise.all(prepared.map(({ run }) => run()));
}

function cells({ firstMs, allMs, requests, hostWide, outcome }: Measurement): readonly string[] {
  const counts = [String(requests), String(hostWide.length)];
  return [timeOrNone(firstMs), timeOrNone(allMs), ...counts, outcome];
}

function printLine([title = "", ...others]: readonly string[]): void {
  const widths = [7, 7, 8, 9];
  const padded = others.map((text, at) => (at < 4 ? text.padStart(widths[at] ?? 0) : text));
  console.log(`${title.padEnd(48)} ${padded.join("  ")}`.trimEnd());
}

function timeOrNone(ms: number | null): string {
  return ms === null ? "–" : formatSeconds(ms);
}

function isChosen(name: string): boolean {
  const wanted = process.env["SCHEDULES"];
  if (wanted === undefined) return defaultSchedules.includes(name);
  return wanted === "all" || name.includes(wanted);
}
