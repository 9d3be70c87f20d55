import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { ConfigFile, NetworkPlan, NicResult } from "../net/network-plan.ts";
import { macOfOwnPath } from "../net/own-files.ts";
import { refuseLinksBelow, underRoot } from "./under-root.ts";

export interface Applied {
  /** The plan's NICs, with what came of them. */
  readonly nics: readonly NicResult[];
  /** What the run ends with, when everything else has been done; null where all went well. */
  readonly failure: Failure | null;
}

/**
 * Carries a plan out below `root`: each file whole, the old one or the new one, whenever the run is
 * killed. A NIC whose file cannot be written is `failed`; the others are configured all the same,
 * and `failure` (`CANTCREAT`, `NOPERM`) is for the caller to end with. Nothing is run yet.
 */
export async function applyPlan(
  host: Pick<Host, "files" | "log">,
  plan: NetworkPlan,
  root: string,
): Promise<Applied> {
  const failures = new Map<string, Failure>();
  // One after the other: what was done when the run is killed is the beginning of the list.
  for (const [mac, change] of changesOf(plan)) {
    if (failures.has(mac)) continue;
    const failure = await failureOf(change(host, root));
    if (failure !== null) failures.set(mac, failure);
  }
  const nics = plan.nics.map((nic) => outcomeOf(nic, failures.get(nic.mac)));
  return { nics, failure: endOf([...failures.values()]) };
}

type Change = (host: Pick<Host, "files" | "log">, root: string) => Promise<void>;

function changesOf({ write, remove }: NetworkPlan): readonly (readonly [string, Change])[] {
  return [
    ...write.map((file) => [file.mac, writing(file)] as const),
    ...remove.map((path) => [macOfOwnPath(path) ?? path, removing(path)] as const),
  ];
}

function writing({ path, content, mode }: ConfigFile): Change {
  return async ({ files, log }, root) => {
    const place = underRoot(root, path);
    await refuseLinksBelow({ files }, root, path);
    await files.makeFolder(place.slice(0, place.lastIndexOf("/")), 0o755);
    await files.write(place, content, mode);
    log.verbose(`wrote ${place}`);
  };
}

function removing(path: string): Change {
  return async ({ files, log }, root) => {
    await refuseLinksBelow({ files }, root, path);
    await files.remove(underRoot(root, path));
    log.verbose(`removed ${underRoot(root, path)}`);
  };
}

/** Only what was foreseen belongs to one NIC; a bug or a signal ends the run. */
async function failureOf(work: Promise<void>): Promise<Failure | null> {
  return work.then(
    () => null,
    (error: unknown) => {
      if (error instanceof Failure && ["CANTCREAT", "NOPERM"].includes(error.kind)) return error;
      throw error;
    },
  );
}

function outcomeOf(nic: NicResult, failure: Failure | undefined): NicResult {
  return failure === undefined ? nic : { ...nic, outcome: "failed", reason: failure.message };
}

function endOf(failures: readonly Failure[]): Failure | null {
  const [first] = failures;
  if (first === undefined || failures.length === 1) return first ?? null;
  const message = failures.map((failure) => failure.message).join("; ");
  return new Failure(first.kind, message, {
    cause: first,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  });
}
