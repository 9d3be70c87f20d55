import * as v from "valibot";

/** A value that does not fit; the message names every place, one a line. */
export class Misfit extends Error {}

/** A value by its schema; throws a `Misfit`: `faults.0.fault.status: Expected number…`. */
export function parse<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new Misfit(result.issues.map(describe).join("\n"));
}

/** JSON by its schema; throws a `Misfit`. */
export function parseJson<T>(schema: v.GenericSchema<unknown, T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Misfit(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parse(schema, value);
}

function describe(issue: v.BaseIssue<unknown>): string {
  const at = v.getDotPath(issue) ?? "";
  return at === "" ? issue.message : `${at}: ${issue.message}`;
}
