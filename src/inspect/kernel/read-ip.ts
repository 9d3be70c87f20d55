import * as v from "valibot";
import type { Host } from "../../host/host.ts";

/** A look takes milliseconds. */
const timeoutMs = 2000;

export interface Said<T> {
  /** null: it failed, or could not be understood. */
  readonly value: T | null;
  /** On stderr, or why there is nothing. */
  readonly said: string;
}

/**
 * What a command prints as JSON, where it is there and can: what it tells makes a diagnosis better,
 * and is no reason to fail. `ip` of busybox has no `-json`, and a minimal image no `ip`.
 */
export async function readJson<S extends v.GenericSchema>(
  host: Pick<Host, "exec">,
  argv: readonly string[],
  schema: S,
): Promise<Said<v.InferOutput<S>>> {
  const { code, stdout, stderr } = await host.exec(argv, {
    timeoutMs,
    env: { LC_ALL: "C" }, // errors are told apart by their words
  });
  if (code !== 0) return { value: null, said: stderr };
  // for an empty list some versions print nothing at all
  const text = stdout.trim() === "" ? "[]" : stdout;
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return result.success
    ? { value: result.output, said: "" }
    : { value: null, said: result.issues[0].message };
}

export function readIp<S extends v.GenericSchema>(
  host: Pick<Host, "exec">,
  words: readonly string[],
  schema: S,
): Promise<Said<v.InferOutput<S>>> {
  return readJson(host, ["ip", "-json", ...words], schema);
}
