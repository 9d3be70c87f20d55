import type { FaultRule } from "../faults/fault.ts";
import { parse, parseJson } from "../scenario/parse.ts";
import type { RateLimitSpec } from "../faults/rate-limit.ts";
import { faultRuleSchema, rateLimitSchema } from "../scenario/scenario-schema.ts";

const ruleFields = new Set(["match", "times", "skip", "afterMs", "forMs"]);

/** Parses `status,status=503,times=2`, or a rule in JSON; throws a `ParseError`. */
export function parseFault(text: string): FaultRule {
  if (text.startsWith("{")) return parseJson(faultRuleSchema, text);
  const [kind = "", ...fields] = text.split(",");
  const pairs = fields.map(parsePair);
  const rule = pairs.filter(([name]) => ruleFields.has(name));
  const fault = pairs.filter(([name]) => !ruleFields.has(name));
  return parse(faultRuleSchema, {
    ...Object.fromEntries(rule),
    fault: { ...Object.fromEntries(fault), kind },
  });
}

/** Parses a rate limit, for example `50,answer=429,retryAfter=1`; throws a `ParseError`. */
export function parseRateLimit(text: string): RateLimitSpec {
  const [perSecond = "", ...fields] = text.split(",");
  return parse(rateLimitSchema, {
    ...Object.fromEntries(fields.map(parsePair)),
    perSecond: numberOrText(perSecond),
  });
}

function parsePair(field: string): readonly [string, string | number] {
  const at = field.indexOf("=");
  return at < 0 ? [field, ""] : [field.slice(0, at), numberOrText(field.slice(at + 1))];
}

function numberOrText(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}
