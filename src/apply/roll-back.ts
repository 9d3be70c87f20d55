import type { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { NetworkPlan, Step } from "../model/plan.ts";
import { macOfManagedPath } from "../model/managed-paths.ts";
import { runSteps } from "./run-steps.ts";
import type { Target } from "../host/target.ts";
import { decodeExactly } from "../inspect/read-file.ts";
import type { PreviousFile } from "../model/run-records.ts";
import { writeFiles } from "./write-files.ts";

/** The files that a plan changes, as they are now. Throws what reading throws. */
export async function readPreviousFiles(
  { files }: Pick<Host, "files">,
  { write, remove }: Pick<NetworkPlan, "write" | "remove">,
): Promise<readonly PreviousFile[]> {
  const paths = [...write.map(({ path }) => path), ...remove];
  return Promise.all(
    paths.map(async (path) => {
      const mac = macOfManagedPath(path);
      const stat = await files.stat(path);
      // a link that stands in our place is no file of ours: there is nothing to go back to
      const bytes = stat?.kind === "file" ? await files.read(path) : null;
      const content = bytes === null ? null : decodeExactly(bytes);
      return { path, mac, content, mode: stat?.mode ?? 0o600 };
    }),
  );
}

interface RollBackOptions {
  readonly previous: readonly PreviousFile[];
  /** By NIC; null: all of them. */
  readonly failures: ReadonlyMap<string | null, Failure>;
  readonly undo: readonly Step[];
  readonly target: Target;
}

/**
 * Puts the old files of what failed back, and has the backend take them up. What fails in doing so
 * is told and does not stop the rest: there is nothing better to go back to.
 */
export async function rollBack(
  host: Pick<Host, "exec" | "files" | "log" | "signal">,
  { previous, failures, undo, target }: RollBackOptions,
): Promise<void> {
  if (failures.size === 0) return;
  const isAffected = (mac: string | null): boolean => failures.has(null) || failures.has(mac);
  const files = previous.filter(({ mac }) => isAffected(mac));
  const restored = {
    write: files.flatMap(({ content, ...file }) =>
      content === null ? [] : [{ ...file, content }],
    ),
    remove: files.filter(({ content }) => content === null).map(({ path }) => path),
  };
  host.log.warn(
    `going back to the configuration before: ${[...failures.values()][0]?.message ?? ""}`,
  );
  const fileFailures = await writeFiles(host, restored, target);
  const steps = undo.filter(({ mac }) => mac === null || isAffected(mac));
  const stepFailures = await runSteps(host, steps);
  const remainingFailures = [
    ...fileFailures.values(),
    ...stepFailures.map(({ failure }) => failure),
  ];
  for (const { message } of remainingFailures) host.log.error(`going back: ${message}`);
}
