import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../../machine/sandbox.ts";
import { mustRun } from "../../machine/command.ts";
import { type SimulatorControl, startVpcSimulator } from "../../machine/vpc/simulator-control.ts";
import { farSpace, type NicSpec } from "./nic-spec.ts";

/** The network behind a NIC; it exists also after the NIC is removed. */
export interface FarSide {
  /** An argv that runs a command there. */
  readonly enter: (argv: readonly string[]) => readonly string[];
  /** The IMDS; null: none answers. */
  readonly simulator: SimulatorControl | null;
}

/** Drops and counts all packets except neighbour discovery. */
const swallow = `table inet swallow {
  chain input {
    type filter hook input priority 0; policy drop;
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    counter drop
  }
}`;

/** Creates the network of a NIC's far end, and its IMDS; the NIC is added later. */
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
  const scenario = imds === "answers" ? ({ httpProtocolIpv6: "enabled" } as const) : imds;
  return { enter, simulator: await startVpcSimulator({ ...sandbox, folder, enter }, scenario) };
}
