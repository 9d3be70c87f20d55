import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { TargetHost } from "../../host/target.ts";
import { waitForEnis } from "../../imds/metadata/wait-for-enis.ts";
import { type ParsedEnis, parseEnis } from "../../eni/parse-enis.ts";
import type { ConfiguredSlot } from "../../eni/settled.ts";
import { readLinks } from "../../inspect/links/links.ts";
import { readMetadataFile } from "../../imds/metadata/file.ts";
import type { ImdsStats } from "../../imds/session.ts";
import { type ImdsSettings, parseImdsSettings } from "../../imds/protocol/settings.ts";
import { readManagedFiles } from "../../inspect/machine/managed-files.ts";
import type { DhcpAddresses } from "../../plan/config/configure.ts";
import { filterNicLinks } from "../../plan/config/match-nics.ts";
import { parseUnmanaged } from "../../plan/config/select-nics.ts";
import { slotOfIndex } from "../../plan/config/table-numbers.ts";
import { parseManagedNics } from "../../plan/files/managed-nics.ts";
import type { ConfigureOptions } from "./options.ts";
import { withImds } from "../../imds/open-imds.ts";

export interface LoadedEnis {
  readonly parsed: ParsedEnis;
  /** The statistics of the session with IMDS; null if there was no session. */
  readonly imds: (ImdsStats & { readonly elapsedMs: number }) | null;
  readonly settings: ImdsSettings | null;
  /** The addresses that DHCP set on watched NICs; absent if no NIC is watched. */
  readonly leases?: DhcpAddresses;
}

export const noLoadedEnis: LoadedEnis = {
  parsed: { enis: [], incomplete: [], detachedEnis: [], missing: null, problems: [] },
  imds: null,
  settings: null,
};

/** Loads the ENIs from IMDS or from the file of `--metadata`. Throws what the readers throw. */
export async function loadEnis(host: TargetHost, source: ConfigureOptions): Promise<LoadedEnis> {
  const { files, unmanaged } = await readManagedFiles(host.target);
  const occupied = parseManagedNics(files).map(({ mac, index }) => ({
    mac,
    ...slotOfIndex(index),
  }));
  if (source.metadata !== undefined) {
    return { ...noLoadedEnis, parsed: await readSavedEnis(host, source.metadata, occupied) };
  }
  const settings = parseImdsSettings(source, host.env);
  const startMs = host.clock.now();
  const { entries } = parseUnmanaged(unmanaged);
  return withImds(host, settings, async ({ session }) => {
    const readPresentMacs = async () =>
      new Set(filterNicLinks(await readLinks(host)).flatMap(({ mac }) => mac ?? []));
    const isAwaited = (mac: string): boolean => !entries.has(mac);
    const parsed = await waitForEnis(host, session, { isAwaited, readPresentMacs, occupied });
    const elapsedMs = Math.round(host.clock.now() - startMs);
    return { parsed, imds: { ...session.stats(), elapsedMs }, settings };
  });
}

/** Saved metadata does not change, so it is read as live metadata that has not changed for long. */
async function readSavedEnis(
  host: Pick<Host, "files" | "signal">,
  path: string,
  occupied: readonly ConfiguredSlot[],
): Promise<ParsedEnis> {
  const parsed = parseEnis(await readMetadataFile(host, path), { isSettled: true, occupied });
  if (parsed.missing === null) return parsed;
  const hint = "save all metadata with: ec2nic fetch --json --output FILE";
  throw new Failure("DATAERR", `${path} is incomplete, because ${parsed.missing}`, { hint });
}
