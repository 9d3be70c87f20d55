import * as v from "valibot";
import type { ExecHost } from "../../host/host.ts";
import { type Family, hostCidr, parseCidr, parseIpv4, parseIpv6 } from "../../model/ip.ts";

/** A command that reads one fact takes milliseconds. */
const defaultTimeoutMs = 2000;

interface JsonOutput<T> {
  /** null if the command failed, or printed something unexpected. */
  readonly value: T | null;
  readonly code: number;
  /** stderr of a command that failed, or what is wrong with its output. */
  readonly errorText: string;
}

/**
 * Runs a command that prints JSON, and parses the output. A failure is returned and not thrown,
 * because `ip` of busybox has no `-json`, and a minimal image has no `ip`.
 */
export async function runJsonCommand<T>(
  host: ExecHost,
  argv: readonly string[],
  schema: v.GenericSchema<unknown, T>,
  timeoutMs = defaultTimeoutMs,
): Promise<JsonOutput<T>> {
  const env = { LC_ALL: "C" }; // callers distinguish errors by their text
  const { code, stdout, stderr } = await host.exec(argv, { timeoutMs, env });
  if (code !== 0) return { value: null, code, errorText: stderr };
  // some versions print nothing for an empty list
  const text = stdout.trim() === "" ? "[]" : stdout;
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return result.success
    ? { value: result.output, code, errorText: "" }
    : { value: null, code, errorText: result.issues[0].message };
}

/** Runs `ip -json` with these words, like `runJsonCommand`. */
export function runIpJson<T>(
  host: ExecHost,
  words: readonly string[],
  schema: v.GenericSchema<unknown, T>,
): Promise<JsonOutput<T>> {
  return runJsonCommand(host, ["ip", "-json", ...words], schema);
}

/**
 * The members of `ip -N -json` output that ec2nic uses, seen with iproute2 5.10, 6.1 and 7.1;
 * others are ignored. With `-N`, numbers are not replaced by names, but most are JSON strings.
 */

/** `ip address`. Some versions print an empty object for a link that a filter excludes. */
export const addressesSchema = v.array(
  v.object({
    ifname: v.optional(v.string(), ""),
    /** A number, or the name of the group if a version ignores `-N` here. */
    group: v.optional(v.string(), "0"),
    addr_info: v.optional(
      v.array(
        v.object({
          local: v.optional(transformText("an address", parseAddress)),
          prefixlen: v.optional(v.number(), 0),
          dadfailed: v.optional(v.boolean(), false),
          dynamic: v.optional(v.boolean(), false),
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
      /** Absent for RTN_UNICAST. */
      type: v.optional(transformNumber(), "1"),
      dst: transformText("a destination", (text) => parseDestination(text, family)),
      table: transformNumber(),
      metric: v.optional(v.number(), 0),
      nexthops: v.optional(v.array(hopSchema)),
    }),
  );
}

/** `ip rule`. Every member that is not listed here is another condition or another action. */
export const rulesSchema = v.array(
  v.looseObject({
    priority: v.number(),
    /** `all`, or an address; `srclen` is absent for a host. */
    src: v.optional(v.string(), "all"),
    srclen: v.optional(v.number()),
    dst: v.optional(v.string(), "all"),
    dstlen: v.optional(v.number()),
    table: v.optional(transformNumber(), "0"),
    suppress_prefixlen: v.optional(v.number()),
    suppress_ifgroup: v.optional(transformNumber()),
    protocol: v.optional(v.string()),
  }),
);

/** Parses `default`, a network or a single address, and returns a canonical CIDR. */
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
