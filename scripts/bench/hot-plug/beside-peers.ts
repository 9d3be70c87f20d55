import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type HotplugSchedule,
  hotplugSchedules,
} from "../../../test/kit/propagation/hotplug-schedules.ts";
import { cloudInit } from "./cloud-init.ts";
import type { Contender } from "./contender.ts";
import { ec2NetUtils } from "./ec2-net-utils.ts";
import { ec2nic } from "./ec2nic.ts";
import type { Figure } from "../figure.ts";
import { lookMs, readyTrial, type Trial } from "./trial.ts";

/** What tells most; `SCHEDULES=all` takes all, and a part of a name those that have it. */
const complete = "complete from the start, with all there is";
const telling: readonly string[] = [
  complete,
  "not listed for 20 s",
  "device-number 0 for 15 s",
  "device-number 0, then 1, on the second card",
  "network-card late on a type with several",
  "the MAC vanishing before it is whole",
  "IPv6 at 8 s, a prefix of each family at 12 s",
  "the second address not said for a while",
];

/**
 * The same NICs, late in the same ways, given to ec2nic and to what distributions have for it: each
 * on a machine of its own (a real systemd, networkd and netplan), with its real program, its
 * commands carried out. Prints a table.
 */
export async function besidePeers(): Promise<readonly Figure[]> {
  const contenders = [ec2nic, cloudInit, ...amazons()];
  const chosen = Object.entries(hotplugSchedules).filter(([name]) => isChosen(name));
  console.log(
    `\n${chosen.length} of ${Object.keys(hotplugSchedules).length} hot-plugged NICs (SCHEDULES=all: all), ` +
      `each looked at for ${lookMs / 1000} s; times since the attachment, until a host outside is answered\n`,
  );
  console.log(row(["", "first", "whole", "requests", "host-wide", "outcome"]));
  const figures: Figure[] = [];
  for (const [name, schedule] of chosen) {
    const [ours] = await contest(name, schedule, contenders);
    if (name !== complete) continue;
    const [, usableMs] = /usable at (\d+) ms/.exec(ours?.outcome ?? "") ?? [];
    figures.push({ name: "hotplug: usable, metadata complete, ms", value: Number(usableMs) });
  }
  return figures;
}

async function contest(
  name: string,
  schedule: HotplugSchedule,
  contenders: readonly Contender[],
): Promise<readonly Trial[]> {
  const { possibleMs, completeMs } = schedule;
  const trials = await trialsOf(contenders, schedule);
  console.log(row([name, seconds(possibleMs), seconds(completeMs ?? possibleMs), "", "", ""]));
  trials.forEach((each, at) => {
    console.log(row([`  ${contenders[at]?.name}`, ...cells(each)]));
  });
  return trials;
}

/** All at once, when all machines are ready. */
async function trialsOf(
  contenders: readonly Contender[],
  schedule: HotplugSchedule,
): Promise<readonly Trial[]> {
  await using ready = new AsyncDisposableStack();
  const trials = await Promise.all(
    contenders.map(async (contender) => {
      const made = await readyTrial(contender, schedule);
      ready.defer(made.stop);
      return made;
    }),
  );
  return await Promise.all(trials.map(({ run }) => run()));
}

function cells({ firstMs, wholeMs, requests, hostWide, outcome }: Trial): readonly string[] {
  return [seconds(firstMs), seconds(wholeMs), String(requests), String(hostWide.length), outcome];
}

function row([what = "", ...others]: readonly string[]): string {
  const widths = [7, 7, 8, 9];
  const padded = others.map((text, at) => (at < 4 ? text.padStart(widths[at] ?? 0) : text));
  return `${what.padEnd(48)} ${padded.join("  ")}`.trimEnd();
}

function seconds(ms: number | null): string {
  return ms === null ? "–" : `${(ms / 1000).toFixed(1)} s`;
}

function isChosen(name: string): boolean {
  const asked = process.env["SCHEDULES"];
  return asked === undefined ? telling.includes(name) : asked === "all" || name.includes(asked);
}

/** Is not in this repository; without it, its lines are left out, and that is said. */
function amazons(): readonly Contender[] {
  const folder = process.env["EC2_NET_UTILS"];
  if (folder !== undefined && existsSync(join(folder, "lib/lib.sh"))) return [ec2NetUtils(folder)];
  console.log(
    "\namazon-ec2-net-utils is left out: EC2_NET_UTILS=DIR names no checkout of it\n" +
      "(git clone https://github.com/amazonlinux/amazon-ec2-net-utils)",
  );
  return [];
}
