import type { FaultRule } from "../faults/fault.ts";
import { parse, parseJson } from "../scenario/parse.ts";
import type { RateLimitSpec } from "../faults/rate-limit.ts";
import { faultRuleSchema, rateLimitSchema } from "../scenario/scenario-schema.ts";

const ruleFields = new Set(["match", "times", "skip", "afterMs", "forMs"]);

/** `status,status=503,times=2`, or a rule in JSON, as a rule; throws a `Misfit`. */
export function faultArgument(text: string): FaultRule {
  if (text.startsWith("{")) return parseJson(faultRuleSchema, text);
  const [kind = "", ...fields] = text.split(",");
  const pairs = fields.map(pair);
  const rule = pairs.filter(([name]) => ruleFields.has(name));
  const fault = pairs.filter(([name]) => !ruleFields.has(name));
  return parse(faultRuleSchema, {
    ...Object.fromEntries(rule),
    fault: { ...Object.fromEntries(fault), kind },
  });
}

/** `50,answer=429,retryAfter=1` as a rate limit; throws a `Misfit`. */
export function rateLimitArgument(text: string): RateLimitSpec {
  const [perSecond = "", ...fields] = text.split(",");
  return parse(rateLimitSchema, {
    ...Object.fromEntries(fields.map(pair)),
    perSecond: valueOf(perSecond),
  });
}

function pair(field: string): readonly [string, string | number] {
  const at = field.indexOf("=");
  return at < 0 ? [field, ""] : [field.slice(0, at), valueOf(field.slice(at + 1))];
}

function valueOf(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}
