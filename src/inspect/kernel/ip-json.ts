import * as v from "valibot";
import type { Host } from "../../host/host.ts";
import { type Family, hostCidr, parseCidr, parseIpv4, parseIpv6 } from "../../model/ip.ts";

/** A look takes milliseconds. */
const timeoutMs = 2000;

interface JsonOutput<T> {
  /** null: it failed, or could not be understood. */
  readonly value: T | null;
  /** On stderr, or why there is nothing. */
  readonly errorText: string;
}

/**
 * What a command prints as JSON, where it is there and can: what it tells makes a diagnosis better,
 * and is no reason to fail. `ip` of busybox has no `-json`, and a minimal image no `ip`.
 */
export async function runJsonCommand<S extends v.GenericSchema>(
  host: Pick<Host, "exec">,
  argv: readonly string[],
  schema: S,
): Promise<JsonOutput<v.InferOutput<S>>> {
  const { code, stdout, stderr } = await host.exec(argv, {
    timeoutMs,
    env: { LC_ALL: "C" }, // errors are told apart by their words
  });
  if (code !== 0) return { value: null, errorText: stderr };
  // for an empty list some versions print nothing at all
  const text = stdout.trim() === "" ? "[]" : stdout;
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return result.success
    ? { value: result.output, errorText: "" }
    : { value: null, errorText: result.issues[0].message };
}

export function runIpJson<S extends v.GenericSchema>(
  host: Pick<Host, "exec">,
  words: readonly string[],
  schema: S,
): Promise<JsonOutput<v.InferOutput<S>>> {
  return runJsonCommand(host, ["ip", "-json", ...words], schema);
}

/**
 * What `ip -N -json` prints, as far as it is used; seen with iproute2 5.10, 6.1 and 7.1. With `-N`
 * numbers stay numbers, if mostly as text. Members that are not named here are let through.
 */

/** `ip address`. Where a filter leaves something out, some versions print an empty object. */
export const addressesSchema = v.array(
  v.object({
    ifname: v.optional(v.string(), ""),
    addr_info: v.optional(
      v.array(
        v.object({
          local: v.optional(transformText("an address", parseAddress)),
          prefixlen: v.optional(v.number(), 0),
          tentative: v.optional(v.boolean(), false),
          dadfailed: v.optional(v.boolean(), false),
          /** From 6.3 on, in hexadecimal. */
          protocol: v.optional(v.string()),
        }),
      ),
      [],
    ),
  }),
);

const hopSchema = v.object({
  dev: v.optional(v.string()),
  gateway: v.optional(transformText("an address", parseAddress)),
  /** An IPv6 gateway of an IPv4 route (RFC 5549). */
  via: v.optional(v.object({ host: transformText("an address", parseAddress) })),
});

/** `ip -4 -details route`, `ip -6 -details route`. */
export function routesSchema(family: Family) {
  return v.array(
    v.object({
      ...hopSchema.entries,
      /** RTN_UNICAST where nothing is said. */
      type: v.optional(transformNumber(), "1"),
      dst: transformText("a destination", (text) => parseDestination(text, family)),
      table: transformNumber(),
      protocol: v.optional(v.string()),
      metric: v.optional(v.number(), 0),
      prefsrc: v.optional(transformText("an address", parseAddress)),
      nexthops: v.optional(v.array(hopSchema)),
    }),
  );
}

/** `ip rule`: each further member is one more condition, or another action. */
export const rulesSchema = v.array(
  v.looseObject({
    priority: v.number(),
    /** `all`, or an address; without its length where that is the longest. */
    src: v.optional(v.string(), "all"),
    srclen: v.optional(v.number()),
    dst: v.optional(v.string(), "all"),
    dstlen: v.optional(v.number()),
    table: v.optional(transformNumber(), "0"),
    suppress_prefixlen: v.optional(v.number()),
    protocol: v.optional(v.string()),
  }),
);

/** `default`, a network, or an address alone. */
function parseDestination(text: string, family: Family): string | null {
  if (text === "default") return family === 4 ? "0.0.0.0/0" : "::/0";
  const address = parseAddress(text);
  return address === null ? parseCidr(text, family) : hostCidr(address);
}

function parseAddress(text: string): string | null {
  return parseIpv4(text) ?? parseIpv6(text);
}

function transformText<T>(what: string, parse: (text: string) => T | null) {
  return v.pipe(
    v.string(),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value);
      if (value !== null) return value;
      addIssue({ message: `"${dataset.value}" is not ${what}` });
      return NEVER;
    }),
  );
}

function transformNumber() {
  return transformText("a number", (text) => (/^\d{1,10}$/.test(text) ? Number(text) : null));
}
