/**
 * `make lab-peers`: what distributions have for the same work, and ec2nic, each alone in the same
 * emulated guest: their packages' own udev rules, units, sockets and generators, started by the
 * guest's udev and systemd. Prints a table; a peer that fails is a line of it.
 *
 * - `SCENARIO`, `PEER`: some of them, with commas between; default: all.
 * - `EC2_NET_UTILS`: a checkout of amazon-ec2-net-utils, which then takes part.
 * - `JSON`: a file that all figures go into, too.
 * - `JOURNALS`: a folder that the journal of each guest goes into.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { needTools } from "../test/kit/basics/need-tools.ts";
import { vmMissing } from "../test/kit/vm/missing.ts";
import { vmTools } from "../test/kit/vm/tools.ts";
import { bootWithOne, bootWithTwo } from "./vm-peers/scenarios/boot.ts";
import { cloudInit } from "./vm-peers/peers/cloud-init.ts";
import { daemonRestart } from "./vm-peers/scenarios/daemon-restart.ts";
import { deadNic } from "./vm-peers/scenarios/dead-nic.ts";
import { detach } from "./vm-peers/scenarios/detach.ts";
import { driverReload } from "./vm-peers/scenarios/driver-reload.ts";
import { ec2NetUtils } from "./vm-peers/peers/ec2-net-utils.ts";
import { ec2nic } from "./vm-peers/peers/ec2nic.ts";
import { hotPlug } from "./vm-peers/scenarios/hot-plug.ts";
import { pace } from "./vm-peers/scenarios/pace.ts";
import type { Peer } from "./vm-peers/peers/peer.ts";
import { printHead, printOutcome } from "./vm-peers/report.ts";
import type { Outcome, Scenario } from "./vm-peers/scenario.ts";

if (process.getuid?.() === 0) needTools({ ...vmTools, make: "make" });
const missing = vmMissing("trixie");
if (missing !== null) {
  console.error(`no virtual machines here: ${missing}`);
  process.exit(69);
}
const peers = chosen("PEER", [ec2nic, ...(await amazons()), cloudInit]);
const scenarios = chosen("SCENARIO", [
  pace,
  bootWithOne,
  bootWithTwo,
  hotPlug,
  driverReload,
  daemonRestart,
  detach,
  deadNic,
]);
console.log("Seconds as the guest's clock counts, emulated; one run, one guest after the other.");
const results: unknown[] = [];
for (const scenario of scenarios) {
  printHead(scenario);
  for (const peer of peers) {
    const outcome = await outcomeOf(scenario, peer);
    printOutcome(scenario, peer.name, outcome);
    results.push({ scenario: scenario.name, peer: peer.name, heads: scenario.heads, ...outcome });
  }
}
const file = process.env["JSON"] ?? "";
if (file !== "") await Bun.write(file, `${JSON.stringify(results, null, 2)}\n`);
process.exit(0);

/** One contender's failure is a line of the report. */
function outcomeOf({ run }: Scenario, peer: Peer): Promise<Outcome> {
  return run(peer).catch((error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    return { figures: [], words: [`gave up: ${said.slice(0, 400)}`] };
  });
}

function chosen<T extends { readonly name: string }>(variable: string, all: readonly T[]): T[] {
  const asked = (process.env[variable] || undefined)?.split(",");
  const names = all.map(({ name }) => name);
  const unknown = asked?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) {
    console.error(`${variable}=${unknown.join(",")}: there are ${names.join(", ")}`);
    process.exit(64);
  }
  return all.filter(({ name }) => asked === undefined || asked.includes(name));
}

/** Is not in this repository. */
async function amazons(): Promise<readonly Peer[]> {
  const folder = process.env["EC2_NET_UTILS"] ?? "";
  if (existsSync(join(folder, "GNUmakefile"))) return [await ec2NetUtils(folder)];
  console.log(
    "ec2-net-utils is left out: EC2_NET_UTILS=DIR names no checkout of it\n" +
      "(git clone https://github.com/amazonlinux/amazon-ec2-net-utils)",
  );
  return [];
}
