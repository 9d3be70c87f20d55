import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { inspectHost } from "../apply/inspect-host.ts";
import { awaitEnis } from "../imds/await-enis.ts";
import { parseEnis } from "../imds/parse-enis.ts";
import { readMetadataFile } from "../imds/read-metadata-file.ts";
import { type ImdsStats, openSession } from "../imds/session.ts";
import { imdsSettings } from "../imds/settings.ts";
import { readLinks } from "../links/read-links.ts";
import type { NetworkFacts } from "../plan/plan-network.ts";
import type { ActivateOptions } from "./activate-options.ts";

export interface Gathered {
  readonly facts: NetworkFacts;
  /** null: IMDS was not asked. */
  readonly imds: (ImdsStats & { readonly elapsedMs: number }) | null;
}

type Source = Pick<ActivateOptions, "metadata" | "root" | "endpoint" | "timeout" | "retries">;

/**
 * What IMDS says, what the kernel shows, what lies below the root. Reads only. Throws what the
 * readers throw, and `USAGE` where the root is no folder.
 */
export async function gatherFacts(host: Host, source: Source): Promise<Gathered> {
  if ((await host.files.stat(`${source.root}/.`))?.kind !== "folder") {
    throw new Failure("USAGE", `--root ${source.root}: there is no such folder`);
  }
  const { parsed, imds } = await askedOrSaved(host, source);
  const [links, state] = await Promise.all([readLinks(host), inspectHost(host, source.root)]);
  return { facts: { ...parsed, links, state }, imds };
}

async function askedOrSaved(host: Host, source: Source) {
  if (source.metadata !== null) {
    return { parsed: await readSaved(host, source.metadata), imds: null };
  }
  const session = openSession(host, imdsSettings(source, host.env));
  const startMs = host.clock.now();
  const parsed = await awaitEnis(host, session);
  const elapsedMs = Math.round(host.clock.now() - startMs);
  return { parsed, imds: { ...session.stats(), elapsedMs } };
}

async function readSaved(host: Pick<Host, "files" | "signal">, path: string) {
  const parsed = parseEnis(await readMetadataFile(host, path));
  if (parsed.missing === null) return parsed;
  throw new Failure("DATAERR", `${path}: not the metadata of an instance: ${parsed.missing}`, {
    hint: "make one, of everything: ec2nic fetch --json --output FILE",
  });
}
