import * as v from "valibot";

/** A value that is not valid; the message names every wrong field, one per line. */
export class ParseError extends Error {}

/** Parses by a schema; throws a `ParseError`: `faults.0.fault.status: Expected number…`. */
export function parse<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new ParseError(result.issues.map(describe).join("\n"));
}

/** Parses JSON by a schema; throws a `ParseError`. */
export function parseJson<T>(schema: v.GenericSchema<unknown, T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ParseError(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parse(schema, value);
}

function describe(issue: v.BaseIssue<unknown>): string {
  const at = v.getDotPath(issue) ?? "";
  return at === "" ? issue.message : `${at}: ${issue.message}`;
}
