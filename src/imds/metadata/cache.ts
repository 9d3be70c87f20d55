import { createHash } from "node:crypto";
import * as v from "valibot";
import type { Host } from "../../host/host.ts";
import { readText, readTextOrEmpty } from "../../inspect/read-file.ts";
import { readJson } from "../../inspect/read-json.ts";
import { errorMessage } from "../../exit.ts";
import { formatMs } from "../../model/text.ts";
import { formatKey, type Reading } from "../../model/metadata.ts";
import { isSecretPath, isSecretValue, type Key } from "../protocol/key.ts";
import { treeSchema } from "./file.ts";

/** The answers of earlier runs since this boot of this instance, without secrets and errors. */
export interface Cache {
  /** Returns null if the key is not cached, or if the cached answer is too old. */
  readonly find: (key: Key) => Promise<Reading | null>;
  readonly add: (reading: Reading) => Promise<void>;
}

type CacheHost = Pick<Host, "files" | "log" | "uid">;

const cacheDirectory = "/run/ec2nic";
/** Part of the name of a file. Format 1 could contain the credentials of ECS tasks. */
const cacheFormat = "format 2";

/**
 * Opens the cache for the answers of these endpoints. If the directory of the cache cannot be used,
 * nothing is stored and nothing is found, and no error is thrown.
 */
export async function openCache(
  host: CacheHost,
  endpoints: readonly string[],
  maxAgeMs: number,
): Promise<Cache> {
  const identity = [cacheFormat, ...(await readMachineIdentity(host)), ...endpoints];
  const entryPath = (key: Pick<Key, "path">): string => {
    const digest = createHash("sha256")
      .update(JSON.stringify([identity, key.path]))
      .digest("hex");
    return `${cacheDirectory}/fetch-${digest.slice(0, 32)}.json`;
  };
  const find: Cache["find"] = async (key) => {
    const cached = isSecretPath(key.path) ? null : await readEntry(host, entryPath(key));
    if (cached === null) return null;
    const ageMs = (await readUptimeMs(host)) - cached.cachedAtMs;
    if (!(ageMs >= 0 && ageMs <= maxAgeMs)) return null; // also NaN, if /proc/uptime is unreadable
    const name = key.text || "everything";
    host.log.verbose(
      `${name}: IMDS is not asked, because a cached answer is ${formatMs(ageMs)} old`,
    );
    const base = { name: key.text, path: key.path };
    if (cached.tree !== undefined)
      return { ...base, kind: "tree", tree: cached.tree, isComplete: true };
    return { ...base, kind: "leaf", bytes: Buffer.from(cached.base64, "base64") };
  };
  const add: Cache["add"] = async (reading) => {
    if (isSecretReading(reading) || (reading.kind === "tree" && !reading.isComplete)) return;
    const cachedAtMs = await readUptimeMs(host);
    if (Number.isNaN(cachedAtMs)) return;
    const entry = { cachedAtMs, ...encodeValue(reading) };
    await writeEntry(host, entryPath(reading), entry).catch((error: unknown) => {
      const key = formatKey(reading.path);
      host.log.verbose(`${key}: the answer could not be cached (${errorMessage(error)})`);
    });
  };
  return { find, add };
}

/** A tree has no secrets, because there is no cache if secrets are shown. */
function isSecretReading(reading: Reading): boolean {
  if (isSecretPath(reading.path)) return true;
  return reading.kind === "leaf" && isSecretValue(new TextDecoder().decode(reading.bytes));
}

const cacheEntrySchema = v.union([
  v.strictObject({ cachedAtMs: v.number(), tree: treeSchema, base64: v.optional(v.undefined()) }),
  v.strictObject({ cachedAtMs: v.number(), base64: v.string(), tree: v.optional(v.undefined()) }),
]);

function encodeValue(reading: Reading) {
  if (reading.kind === "tree") return { tree: reading.tree };
  return { base64: Buffer.from(reading.bytes).toString("base64") };
}

async function writeEntry(host: CacheHost, path: string, entry: object): Promise<void> {
  await host.files.mkdir(cacheDirectory, 0o700);
  await host.files.write(path, JSON.stringify(entry), 0o600);
}

/** Reads only a regular file that belongs to this user and that no other user can access. */
async function readEntry(host: CacheHost, path: string) {
  const stat = await host.files.stat(path).catch(() => null);
  if (stat?.kind !== "file" || stat.uid !== host.uid || (stat.mode & 0o077) !== 0) return null;
  return readJson(host, path, cacheEntrySchema).catch(() => null);
}

const identityPaths: readonly string[] = [
  "/proc/sys/kernel/random/boot_id",
  "/sys/class/dmi/id/product_uuid",
  "/sys/class/dmi/id/board_asset_tag",
];

/**
 * Identifies the boot and the instance (on Nitro, the asset tag is the instance id), because a
 * guest that was restored as another instance must not use the answers of the first instance.
 */
async function readMachineIdentity(host: CacheHost): Promise<readonly string[]> {
  const texts = await Promise.all(identityPaths.map((path) => readTextOrEmpty(host, path)));
  return texts.map((text) => text.trim());
}

/** The time since the boot, with suspended time (proc_uptime(5)). This clock cannot be set. */
async function readUptimeMs(host: CacheHost): Promise<number> {
  const text = await readText(host, "/proc/uptime");
  return Math.round(Number.parseFloat(text ?? "") * 1000);
}
