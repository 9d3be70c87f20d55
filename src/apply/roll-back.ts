import type { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { NetworkPlan, Step } from "../model/plan.ts";
import { macOfOwnPath } from "../model/managed-paths.ts";
import { runSteps } from "./run-steps.ts";
import { underRoot } from "../host/target-root.ts";
import type { PreviousFile } from "../model/plan.ts";
import { writeFiles } from "./write-files.ts";

/** The files that a plan changes, as they are now. Throws what reading throws. */
export async function previousFiles(
  host: Pick<Host, "files">,
  { write, remove }: Pick<NetworkPlan, "write" | "remove">,
  root: string,
): Promise<readonly PreviousFile[]> {
  const paths = [...write.map(({ path }) => path), ...remove];
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return Promise.all(
    paths.map(async (path) => {
      const mac = macOfOwnPath(path);
      const place = underRoot(root, path);
      const stat = await host.files.stat(place);
      // a link that stands in our place is no file of ours: there is nothing to go back to
      const bytes = stat?.kind === "file" ? await host.files.read(place) : null;
      const content = bytes === null ? null : decoder.decode(bytes);
      return { path, mac, content, mode: stat?.mode ?? 0o600 };
    }),
  );
}

interface Restoration {
  readonly previous: readonly PreviousFile[];
  /** By NIC; null: all of them. */
  readonly failed: ReadonlyMap<string | null, Failure>;
  readonly undo: readonly Step[];
  readonly root: string;
}

/**
 * Puts the old files of what failed back, and has the backend take them up. What fails in doing so
 * is told and does not stop the rest: there is nothing better to go back to.
 */
export async function restore(
  host: Pick<Host, "exec" | "files" | "log" | "signal">,
  { previous, failed, undo, root }: Restoration,
): Promise<void> {
  if (failed.size === 0) return;
  const isConcerned = (mac: string | null): boolean => failed.has(null) || failed.has(mac);
  const files = previous.filter(({ mac }) => isConcerned(mac));
  const back = {
    write: files.flatMap(({ content, ...file }) =>
      content === null ? [] : [{ ...file, content }],
    ),
    remove: files.filter(({ content }) => content === null).map(({ path }) => path),
  };
  host.log.warn(
    `going back to the configuration before: ${[...failed.values()][0]?.message ?? ""}`,
  );
  const unwritten = await writeFiles(host, back, root);
  const steps = undo.filter(({ mac }) => mac === null || isConcerned(mac));
  const unrun = await runSteps(host, steps);
  const left = [...unwritten.values(), ...unrun.map(({ failure }) => failure)];
  for (const { message } of left) host.log.error(`going back: ${message}`);
}
