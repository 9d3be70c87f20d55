import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { TargetHost } from "../../host/target.ts";
import { waitForEnis } from "../../imds/metadata/wait-for-enis.ts";
import { type ParsedEnis, parseEnis } from "../../eni/parse-enis.ts";
import { readLinks } from "../../inspect/links/links.ts";
import { readMetadataFile } from "../../imds/metadata/file.ts";
import type { ImdsStats } from "../../imds/session.ts";
import {
  type ImdsOptions,
  type ImdsSettings,
  parseImdsSettings,
} from "../../imds/protocol/settings.ts";
import { readUnmanaged } from "../../inspect/machine/managed-files.ts";
import type { DhcpAddresses } from "../../plan/config/configure.ts";
import { filterNicLinks } from "../../plan/config/match-nics.ts";
import { parseUnmanaged } from "../../plan/config/select-nics.ts";
import type { ActivateOptions } from "./options.ts";
import { withImds } from "../../imds/open-imds.ts";

export interface LoadedEnis {
  readonly parsed: ParsedEnis;
  /** How IMDS was asked, and what that took; null: it was not. */
  readonly imds: (ImdsStats & { readonly elapsedMs: number }) | null;
  readonly settings: ImdsSettings | null;
  /** What DHCP gave to NICs that are watched; left out: nobody watched. */
  readonly leases?: DhcpAddresses;
}

type EniSource = ImdsOptions & Pick<ActivateOptions, "metadata">;

/** The ENIs, from IMDS or from a file. Throws what the readers throw. */
export async function loadEnis(host: TargetHost, source: EniSource): Promise<LoadedEnis> {
  if (source.metadata !== null) {
    return { parsed: await readSavedEnis(host, source.metadata), imds: null, settings: null };
  }
  const settings = parseImdsSettings(source, host.env);
  const startMs = host.clock.now();
  const { entries } = parseUnmanaged(await readUnmanaged(host.target));
  return withImds(host, settings, async ({ session }) => {
    const readPresentMacs = async () =>
      new Set(filterNicLinks(await readLinks(host)).flatMap(({ mac }) => mac ?? []));
    const parsed = await waitForEnis(host, session, {
      isAwaited: (mac) => !entries.has(mac),
      readPresentMacs,
    });
    const elapsedMs = Math.round(host.clock.now() - startMs);
    return { parsed, imds: { ...session.stats(), elapsedMs }, settings };
  });
}

async function readSavedEnis(
  host: Pick<Host, "files" | "signal">,
  path: string,
): Promise<ParsedEnis> {
  const parsed = parseEnis(await readMetadataFile(host, path));
  if (parsed.missing === null) return parsed;
  throw new Failure("DATAERR", `${path}: not the metadata of an instance: ${parsed.missing}`, {
    hint: "make one, of everything: ec2nic fetch --json --output FILE",
  });
}
