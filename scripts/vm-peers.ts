/**
 * `make lab-peers`: runs the same scenarios with ec2nic and with the programs that distributions have
 * for the same work, each alone in the same emulated guest. The guest's udev and systemd start the
 * rules, units, sockets and generators of the program's package. Prints a table, in which the failure
 * of a program is a line.
 *
 * - `SCENARIO`, `PEER`: names of scenarios and programs, with commas between them; default: all.
 * - `EC2_NET_UTILS`: a checkout of amazon-ec2-net-utils, which is then compared too.
 * - `JSON`: a file to which all figures are written too.
 * - `JOURNALS`: a folder to which the journal of each guest is written.
 */
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
import { chosenNames } from "./shared/chosen-names.ts";
import { installTools } from "./shared/install-tools.ts";
import { netUtilsCheckout } from "./shared/net-utils-checkout.ts";
import { printHead, printOutcome } from "./vm-peers/report.ts";
import type { Outcome, Scenario } from "./vm-peers/scenario.ts";

installTools({ ...vmTools, make: "make" });
const missing = vmMissing("trixie");
if (missing !== null) {
  console.error(`virtual machines cannot run here: ${missing}`);
  process.exit(69);
}
const checkout = netUtilsCheckout();
const netUtils = checkout === null ? [] : [await ec2NetUtils(checkout)];
const peers = chosen("PEER", [ec2nic, ...netUtils, cloudInit]);
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
console.log("Times are seconds of the emulated guest's clock. The guests run one after the other.");
const results: unknown[] = [];
for (const scenario of scenarios) {
  printHead(scenario);
  for (const peer of peers) {
    const outcome = await outcomeOf(scenario, peer);
    printOutcome(scenario, peer.name, outcome);
    const { name, headings } = scenario;
    results.push({ scenario: name, peer: peer.name, headings, ...outcome });
  }
}
const file = process.env["JSON"] ?? "";
if (file !== "") await Bun.write(file, `${JSON.stringify(results, null, 2)}\n`);
process.exit(0);

/** Runs a scenario; an exception becomes a line of the report. */
function outcomeOf({ run }: Scenario, peer: Peer): Promise<Outcome> {
  return run(peer).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    return { figures: [], remarks: [`the scenario failed: ${message.slice(0, 400)}`] };
  });
}

function chosen<T extends { readonly name: string }>(variable: string, all: readonly T[]) {
  const names = chosenNames(
    variable,
    all.map(({ name }) => name),
  );
  return all.filter(({ name }) => names.includes(name));
}
