import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../../machine/sandbox.ts";
import { mustRun } from "../../machine/command.ts";
import { type SimulatorControl, startVpcSimulator } from "../../machine/vpc/simulator-control.ts";
import { farSpace, type NicSpec } from "./nic-spec.ts";

/** What is behind a NIC; it outlives the NIC. */
export interface FarSide {
  /** An argv that runs a command there. */
  readonly enter: (argv: readonly string[]) => readonly string[];
  /** null: nothing answers there. */
  readonly simulator: SimulatorControl | null;
}

/** Everything but what it takes to find a neighbour is dropped, and counted. */
const swallow = `table inet swallow {
  chain input {
    type filter hook input priority 0; policy drop;
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    counter drop
  }
}`;

/** Makes the network of a NIC's far end, and its IMDS; the NIC itself is plugged in later. */
export async function makeFarSide(sandbox: Sandbox, { name, imds }: NicSpec): Promise<FarSide> {
  const space = farSpace(name);
  const enter = (argv: readonly string[]): readonly string[] =>
    sandbox.enter(["nsenter", `--net=/run/netns/${space}`, "--", ...argv]);
  await mustRun(sandbox.enter(["ip", "netns", "add", space]));
  const addresses = [
    "address add 169.254.169.254/32 dev lo",
    "address add fd00:ec2::254/128 dev lo nodad",
  ];
  const lines = ["link set lo up", ...(imds === "absent" ? [] : addresses)];
  await mustRun(enter(["ip", "-batch", "-"]), { stdin: lines.join("\n") });
  if (imds === "swallows") await mustRun(enter(["nft", "--file", "-"]), { stdin: swallow });
  if (imds === "swallows" || imds === "absent") return { enter, simulator: null };
  const folder = join(sandbox.folder, space);
  mkdirSync(folder);
  const scenario = imds === "answers" ? {} : imds;
  return { enter, simulator: await startVpcSimulator({ ...sandbox, folder, enter }, scenario) };
}
