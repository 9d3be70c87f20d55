import type { FileHost, Host } from "../host/host.ts";
import type { Target } from "../host/target.ts";
import { decodeExactly } from "../inspect/read-file.ts";
import { macOfManagedPath } from "../model/managed-paths.ts";
import type { NetworkPlan, Step } from "../model/plan.ts";
import type { PreviousFile } from "../model/run-records.ts";
import { runSteps } from "./run-steps.ts";
import { type FailuresByMac, writeFiles } from "./write-files.ts";

/** Reads the files that a plan will change. Throws `NOPERM` or `OSERR`. */
export async function readPreviousFiles(
  { files }: FileHost,
  { write, remove }: Pick<NetworkPlan, "write" | "remove">,
): Promise<readonly PreviousFile[]> {
  const paths = [...write.map(({ path }) => path), ...remove];
  return Promise.all(
    paths.map(async (path) => {
      const stat = await files.stat(path);
      // ec2nic did not write a symbolic link at this path, so the link is not restored
      const bytes = stat?.kind === "file" ? await files.read(path) : null;
      const content = bytes === null ? null : decodeExactly(bytes);
      return { path, mac: macOfManagedPath(path), content, mode: stat?.mode ?? 0o600 };
    }),
  );
}

interface RollBackOptions {
  readonly previous: readonly PreviousFile[];
  readonly failures: FailuresByMac;
  readonly undo: readonly Step[];
  readonly target: Target;
}

/**
 * Restores the old files of the NICs that failed, and runs `undo`, so that the backend reads them.
 * A failure to do so is logged, and does not stop the rest.
 */
export async function rollBack(
  host: Pick<Host, "exec" | "files" | "log" | "signal">,
  { previous, failures, undo, target }: RollBackOptions,
): Promise<void> {
  const [first] = failures.values();
  if (first === undefined) return;
  const isAffected = (mac: string | null): boolean => failures.has(null) || failures.has(mac);
  const files = previous.filter(({ mac }) => isAffected(mac));
  const restored = {
    write: files.flatMap(({ content, ...file }) =>
      content === null ? [] : [{ ...file, content }],
    ),
    remove: files.filter(({ content }) => content === null).map(({ path }) => path),
  };
  host.log.warn(`restoring the previous configuration, because ${first.message}`);
  const fileFailures = await writeFiles(host, restored, target);
  const steps = undo.filter(({ mac }) => mac === null || isAffected(mac));
  const stepFailures = await runSteps(host, steps);
  for (const failure of [...fileFailures.values(), ...stepFailures.map((each) => each.failure)]) {
    host.log.error(`the previous configuration was not fully restored: ${failure.message}`);
  }
}
