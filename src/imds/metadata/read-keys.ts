import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import { keyOf, type MetadataPath } from "../../model/metadata-path.ts";
import type { Reading } from "../../model/reading.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { Cache } from "./cache.ts";
import type { Key } from "../protocol/key.ts";
import { type ReadOptions, readKey } from "./read-key.ts";
import type { ImdsSession } from "../session.ts";
import type { ImdsSettings } from "../protocol/settings.ts";

export interface ReadKeysOptions extends ReadOptions {
  readonly keys: readonly Key[];
  /** Stands in for what does not exist; null: that fails. */
  readonly fallback: string | null;
  /** null: neither use nor keep answers of other runs. */
  readonly maxAgeMs: number | null;
}

interface Imds {
  readonly session: ImdsSession;
  readonly settings: ImdsSettings;
}

/**
 * Every key, at once, in the order given; from the cache where that is allowed and young enough.
 * All or none: throws `NOINPUT` for a key that does not exist, and what `readKey` throws.
 */
export async function readKeys(
  host: Host,
  { session, settings }: Imds,
  options: ReadKeysOptions,
): Promise<readonly Reading[]> {
  const cache = await cacheFor(host, settings.endpoints, options);
  const read = async (key: Key): Promise<Reading> => {
    const kept = (await cache?.find(key)) ?? null;
    if (kept !== null) return kept;
    const reading = await readKey(host, session, key, options);
    if (reading === null) return fallbackFor(key, options.fallback);
    await cache?.keep(reading);
    return reading;
  };
  return Promise.all(options.keys.map(read));
}

/** A tree with secrets must not be kept, nor be answered by one without. */
async function cacheFor(
  host: Host,
  endpoints: readonly string[],
  { maxAgeMs, showSecrets }: ReadKeysOptions,
): Promise<Cache | null> {
  if (maxAgeMs === null || showSecrets) return null;
  const { openCache } = await import("./cache.ts");
  return openCache(host, endpoints, maxAgeMs);
}

function fallbackFor({ text: name, path }: Key, fallback: string | null): Reading {
  if (fallback !== null) {
    return { kind: "leaf", name, path, bytes: new TextEncoder().encode(fallback) };
  }
  throw new Failure("NOINPUT", `${name}: there is no such key (404)`, { hint: hintFor(path) });
}

function hintFor(path: MetadataPath): string {
  if (path[0] === "user-data") return "the instance was launched without user-data";
  if (path.includes("tags")) {
    return "tags need the instance's metadata option instance-metadata-tags; --wait waits for one";
  }
  const folder = keyOf(path.slice(0, -1));
  return `what there is: ec2nic fetch ${folder === "" ? "--json" : shellWord(folder)}; --wait waits for it`;
}
