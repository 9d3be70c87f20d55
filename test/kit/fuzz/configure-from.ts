import { waitForEnis } from "../../../src/imds/metadata/wait-for-enis.ts";
import type { ImdsSession } from "../../../src/imds/session.ts";
import type { Link } from "../../../src/model/link.ts";
import { type Backend, backends, type NetplanRenderer } from "../../../src/model/plan.ts";
import { activationSteps } from "../../../src/plan/backend/activation-steps.ts";
import { planNetwork } from "../../../src/plan/files/plan-network.ts";
import type { Random } from "../basics/random.ts";
import { choiceOf } from "../facts/choices.ts";
import type { FuzzHost } from "./fuzz-host.ts";
import { findForeignContent } from "./foreign-content.ts";

/** Names that the kernel accepts for a link, usual and unusual ones. */
const linkNames = [
  "ens5",
  "ens6",
  "eth0",
  "-rf",
  "$(id)",
  "a;b",
  "%n",
  "..x",
  "\u001b[2J",
  "é",
  "x=y",
  "[m]",
] as const;

/** The MACs of the present NICs: their folders are read without being listed. */
export const ownMacs = [0, 1, 2].map((number) => `06:ec:2a:00:00:0${number}`);

/**
 * Does what `activate` does, up to the plan: reads the ENIs from the service, and renders the files
 * of every backend. Its faults are content in these files that ec2nic does not write.
 */
export async function configureFrom(host: FuzzHost, session: ImdsSession, random: Random) {
  const links = [0, 1, 2].map((number): Link => {
    const name = random.below(4) === 0 ? random.pick(linkNames) : `ens${number + 5}`;
    return {
      name,
      mac: ownMacs[number] ?? null,
      kind: "device",
      driver: "ena",
      busAddress: `0000:00:0${number + 5}.0`,
    };
  });
  const readPresentMacs = async () => new Set(links.flatMap(({ mac }) => mac ?? []));
  const presence = { isAwaited: () => false, readPresentMacs, occupied: [] };
  const parsed = await waitForEnis(host, session, presence);
  const facts = { ...parsed, links, state: { files: [], unmanaged: null } };
  const choices: readonly (readonly [Backend, NetplanRenderer])[] = [
    ...backends.map((backend) => [backend, "networkd"] as const),
    ["netplan", "NetworkManager"],
  ];
  const faults = choices.flatMap(([backend, renderer]) => {
    const choice = choiceOf(backend, renderer);
    const activation = { ...choice.activation, stage: "network" as const, isRunning: true };
    const plan = planNetwork(facts, choice);
    const steps = activationSteps(plan, plan.config.nics, activation);
    const removed = plan.remove.map((path) => `removes ${path}`);
    const programs = steps
      .map(({ argv }) => argv[0] ?? "")
      .filter((name) => !knownPrograms.includes(name));
    const words = steps.flatMap(({ argv }) => argv).filter((word) => word.includes("\n"));
    return [
      ...plan.write.flatMap(findForeignContent),
      ...removed,
      ...programs.map((name) => `runs ${name}`),
      ...words,
    ];
  });
  const word = parsed.enis.length > 0 ? "accepted" : "nothing to configure";
  return { word, faults };
}

const knownPrograms: readonly string[] = [
  "netplan",
  "networkctl",
  "nmcli",
  "systemctl",
  "ip",
  "udevadm",
];
