import { createHash } from "node:crypto";
import * as v from "valibot";
import type { Host } from "../../host/host.ts";
import { describeMs } from "../../model/text.ts";
import { keyOf, type Reading } from "../../model/metadata.ts";
import { isSecret, type Key } from "../protocol/key.ts";
import { treeSchema } from "./tree.ts";

/** Answers of earlier runs, of this boot and this instance. Secrets and errors never get in. */
export interface Cache {
  /** null: not kept, or too old. */
  readonly find: (key: Key) => Promise<Reading | null>;
  readonly keep: (reading: Reading) => Promise<void>;
}

type CacheHost = Pick<Host, "files" | "log" | "uid">;

const folder = "/run/ec2nic";

/**
 * Where the folder cannot be used, nothing is kept and nothing found: a cache is no reason to fail.
 * `endpoints` are part of what an answer is kept under.
 */
export async function openCache(
  host: CacheHost,
  endpoints: readonly string[],
  maxAgeMs: number,
): Promise<Cache> {
  const owner = [...(await machineIdentity(host)), ...endpoints];
  const fileOf = (key: Pick<Key, "path">): string => {
    const digest = createHash("sha256")
      .update(JSON.stringify([owner, key.path]))
      .digest("hex");
    return `${folder}/fetch-${digest.slice(0, 32)}.json`;
  };
  const find: Cache["find"] = async (key) => {
    const kept = isSecret(key.path) ? null : await readKept(host, fileOf(key));
    if (kept === null) return null;
    const ageMs = (await uptimeMs(host)) - kept.keptAtMs;
    if (!(ageMs >= 0 && ageMs <= maxAgeMs)) return null; // NaN: no clock, no cache
    host.log.verbose(
      `${key.text || "everything"}: kept ${describeMs(ageMs)} ago, imds is not asked`,
    );
    const base = { name: key.text, path: key.path };
    if (kept.tree !== undefined) return { ...base, kind: "tree", tree: kept.tree, isWhole: true };
    return { ...base, kind: "leaf", bytes: Buffer.from(kept.base64, "base64") };
  };
  const keep: Cache["keep"] = async (reading) => {
    if (isSecret(reading.path) || (reading.kind === "tree" && !reading.isWhole)) return;
    const keptAtMs = await uptimeMs(host);
    if (Number.isNaN(keptAtMs)) return;
    const content =
      reading.kind === "tree"
        ? { keptAtMs, tree: reading.tree }
        : { keptAtMs, base64: Buffer.from(reading.bytes).toString("base64") };
    await writeKept(host, fileOf(reading), content).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      host.log.verbose(`${keyOf(reading.path)} is not kept for the next run: ${reason}, ignoring`);
    });
  };
  return { find, keep };
}

const keptSchema = v.union([
  v.strictObject({ keptAtMs: v.number(), tree: treeSchema, base64: v.optional(v.undefined()) }),
  v.strictObject({ keptAtMs: v.number(), base64: v.string(), tree: v.optional(v.undefined()) }),
]);

async function writeKept(host: CacheHost, path: string, content: object): Promise<void> {
  await host.files.makeFolder(folder, 0o700);
  await host.files.write(path, JSON.stringify(content), 0o600);
}

/** Only a plain file of our own that nobody else can read or write is believed. */
async function readKept(host: CacheHost, path: string) {
  const stat = await host.files.stat(path).catch(() => null);
  if (stat?.kind !== "file" || stat.uid !== host.uid || (stat.mode & 0o077) !== 0) return null;
  const text = await host.files.read(path).catch(() => null);
  if (text === null) return null;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), keptSchema), decode(text));
  return parsed.success ? parsed.output : null;
}

/**
 * The boot, and the instance as its firmware names it (on Nitro the asset tag is the instance id):
 * a guest that was restored elsewhere must not read what another was told.
 */
async function machineIdentity(host: CacheHost): Promise<readonly string[]> {
  const dmi = "/sys/class/dmi/id";
  const facts = [
    "/proc/sys/kernel/random/boot_id",
    `${dmi}/product_uuid`,
    `${dmi}/board_asset_tag`,
  ];
  const read = facts.map((path) => host.files.read(path).catch(() => null));
  return (await Promise.all(read)).map((text) => decode(text ?? new Uint8Array()).trim());
}

/** Since the boot, suspended time too (proc_uptime(5)): a clock that nobody sets. */
async function uptimeMs(host: CacheHost): Promise<number> {
  const text = decode((await host.files.read("/proc/uptime")) ?? new Uint8Array());
  return Math.round(Number.parseFloat(text) * 1000);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
