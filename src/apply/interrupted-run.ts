import * as v from "valibot";
import type { Host } from "../host/host.ts";
import type { InterruptedRun } from "../model/plan.ts";

export const interruptedRunPath = "/run/ec2nic/unfinished.json";

const interruptedRunSchema = v.object({
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
export async function readInterruptedRun(
  host: Pick<Host, "files">,
): Promise<InterruptedRun | null> {
  const bytes = await host.files.read(interruptedRunPath).catch(() => null);
  if (bytes === null) return null;
  const schema = v.pipe(v.string(), v.parseJson(), interruptedRunSchema);
  const parsed = v.safeParse(schema, new TextDecoder().decode(bytes));
  return parsed.success ? parsed.output : null;
}

export async function markRunStarted(
  host: Pick<Host, "files">,
  run: InterruptedRun,
): Promise<void> {
  await host.files.write(interruptedRunPath, JSON.stringify(run), 0o600);
}

export async function markRunFinished(host: Pick<Host, "files">): Promise<void> {
  await host.files.remove(interruptedRunPath);
}
