import * as v from "valibot";
import type { Host } from "../host/host.ts";
import type { Unfinished } from "../model/plan.ts";

export const unfinishedPath = "/run/ec2nic/unfinished.json";

const unfinishedSchema = v.object({
  previous: v.array(
    v.object({
      path: v.string(),
      content: v.nullable(v.string()),
      mode: v.number(),
      mac: v.nullable(v.string()),
    }),
  ),
  standing: v.nullable(
    v.object({ link: v.string(), routes: v.object({ ipv4: v.boolean(), ipv6: v.boolean() }) }),
  ),
});

/** What the run before left unfinished; null: nothing, or it cannot be read (then nothing is known). */
export async function readUnfinished(host: Pick<Host, "files">): Promise<Unfinished | null> {
  const bytes = await host.files.read(unfinishedPath).catch(() => null);
  if (bytes === null) return null;
  const schema = v.pipe(v.string(), v.parseJson(), unfinishedSchema);
  const parsed = v.safeParse(schema, new TextDecoder().decode(bytes));
  return parsed.success ? parsed.output : null;
}

export async function noteUnfinished(host: Pick<Host, "files">, what: Unfinished): Promise<void> {
  await host.files.write(unfinishedPath, JSON.stringify(what), 0o600);
}

export async function clearUnfinished(host: Pick<Host, "files">): Promise<void> {
  await host.files.remove(unfinishedPath);
}
