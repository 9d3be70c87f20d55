import type * as v from "valibot";
import { Failure } from "../exit.ts";

/** `meta-data/…/local-ipv4s: "10.0.0.300" is not an IPv4 address` */
export function badLeaf(path: string, issue: v.BaseIssue<unknown>): Failure {
  const keys = (issue.path ?? []).map(({ key }) => key);
  const names = keys.filter((key) => typeof key === "string");
  const said = issue.message.startsWith("is not ") ? issue.message : "is not a folder";
  const where = [path, ...names].join("/");
  return new Failure("DATAERR", `${where}: ${shortened(issue.input)} ${said}`);
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
