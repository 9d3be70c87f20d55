import * as v from "valibot";
import type { EniSpec } from "./eni-spec.ts";
import type { Fault, FaultRule } from "../faults/fault.ts";
import type { Late } from "./lateness.ts";
import type { RateLimitSpec } from "../faults/rate-limit.ts";
import type { Change, Detach, Scenario } from "./scenario.ts";
import type { Leaf, Tree } from "../metadata/tree.ts";

const ms = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
const strings = v.array(v.string());
const optional = v.exactOptional;
const macOf = v.pipe(
  v.string(),
  v.regex(
    /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i,
    "expected a MAC address, for example 06:ec:2a:00:00:01",
  ),
);

const leaf = v.union([v.string(), strings]);

/** A leaf or a folder in JSON. */
export const nodeSchema: v.GenericSchema<unknown, Leaf | Tree> = v.union(
  [
    leaf,
    v.record(
      v.string(),
      v.lazy(() => nodeSchema),
    ),
  ],
  "expected a string, a list of strings, or an object of these",
);

const treeSchema: v.GenericSchema<unknown, Tree> = v.record(v.string(), nodeSchema);

export const lateSchema: v.GenericSchema<unknown, Late> = v.union(
  [ms, v.strictObject({ afterMs: ms, listed: optional(v.boolean()), before: optional(leaf) })],
  'expected milliseconds, {"afterMs": …, "listed": true} or {"afterMs": …, "before": "…"}',
);

const lateRecord = v.record(v.string(), lateSchema);

export const eniSchema: v.GenericSchema<unknown, EniSpec> = v.strictObject({
  device: count,
  card: optional(count),
  mac: optional(macOf),
  id: optional(v.string()),
  ipv4: optional(strings),
  ipv6: optional(strings),
  dualStack: optional(v.boolean()),
  subnetCidr: optional(v.string()),
  subnetIpv6Cidrs: optional(strings),
  vpcCidrs: optional(strings),
  vpcIpv6Cidrs: optional(strings),
  ipv4Prefixes: optional(strings),
  ipv6Prefixes: optional(strings),
  publicIpv4: optional(strings),
  efaOnly: optional(v.boolean()),
  emptyLeaves: optional(strings),
  late: optional(lateRecord),
});

const bytes = optional(count);
const status = v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599));

const faultSchema: v.GenericSchema<unknown, Fault> = v.variant("kind", [
  v.strictObject({
    kind: v.literal("status"),
    status,
    headers: optional(v.record(v.string(), v.string())),
    body: optional(v.string()),
  }),
  v.strictObject({ kind: v.literal("refuse") }),
  v.strictObject({ kind: v.literal("hang") }),
  v.strictObject({ kind: v.literal("hang-headers") }),
  v.strictObject({ kind: v.literal("reset") }),
  v.strictObject({ kind: v.literal("close") }),
  v.strictObject({ kind: v.literal("slow"), everyMs: ms, bytes: optional(positive) }),
  v.strictObject({ kind: v.literal("delay"), ms }),
  v.strictObject({ kind: v.literal("cut"), bytes }),
  v.strictObject({ kind: v.literal("cut-chunked"), bytes }),
  v.strictObject({ kind: v.literal("garbage"), text: optional(v.string()) }),
  v.strictObject({
    kind: v.literal("oversized"),
    bytes,
    framing: optional(v.picklist(["length", "chunked"])),
  }),
  v.strictObject({
    kind: v.literal("redirect"),
    location: v.string(),
    status: optional(status),
  }),
  v.strictObject({ kind: v.literal("token-rejected") }),
  v.strictObject({ kind: v.literal("empty") }),
]);

export const faultRuleSchema: v.GenericSchema<unknown, FaultRule> = v.pipe(
  v.strictObject({
    fault: faultSchema,
    match: optional(v.string()),
    times: optional(positive),
    skip: optional(count),
    afterMs: optional(ms),
    forMs: optional(ms),
  }),
  v.forward(
    v.check(
      ({ fault, match, times, skip }) =>
        fault.kind !== "refuse" || (match ?? times ?? skip) === undefined,
      "refuse applies to connections: use afterMs and forMs, not match, times or skip",
    ),
    ["fault"],
  ),
);

export const rateLimitSchema: v.GenericSchema<unknown, RateLimitSpec> = v.strictObject({
  perSecond: count,
  answer: optional(v.picklist([429, 503, "drop"])),
  retryAfter: optional(count),
});

export const detachSchema: v.GenericSchema<unknown, Detach> = v.strictObject({
  mac: macOf,
  lingerMs: optional(ms),
});

export const setSchema = v.strictObject({ path: v.string(), value: nodeSchema });
export const removeSchema = v.strictObject({ path: v.string() });

const changeSchema: v.GenericSchema<unknown, Change> = v.pipe(
  v.strictObject({
    afterMs: ms,
    attach: optional(eniSchema),
    detach: optional(detachSchema),
    set: optional(setSchema),
    remove: optional(removeSchema),
  }),
  v.check(
    (change) => Object.keys(change).length === 2,
    "expected exactly one of attach, detach, set and remove",
  ),
);

const base64 = v.pipe(
  v.string(),
  v.base64(),
  v.transform((text): Uint8Array => new Uint8Array(Buffer.from(text, "base64"))),
);

const fileSchema = v.strictObject({
  instanceId: optional(v.string()),
  instanceType: optional(v.string()),
  imageId: optional(v.string()),
  accountId: optional(v.string()),
  availabilityZone: optional(v.string()),
  enis: optional(v.array(eniSchema)),
  tags: optional(v.record(v.string(), v.string())),
  userData: optional(v.string()),
  userDataBase64: optional(base64),
  iamRole: optional(v.string()),
  ecsTaskRoles: optional(strings),
  keyName: optional(v.nullable(v.string())),
  content: optional(v.strictObject({ metaData: treeSchema, dynamic: optional(treeSchema) })),
  set: optional(v.record(v.string(), v.nullable(nodeSchema))),
  late: optional(lateRecord),
  changes: optional(v.array(changeSchema)),
  faults: optional(v.array(faultRuleSchema)),
  rateLimit: optional(rateLimitSchema),
  latencyMs: optional(ms),
  keepAlive: optional(v.boolean()),
  httpTokens: optional(v.picklist(["required", "optional"])),
  disabled: optional(v.boolean()),
  httpProtocolIpv6: optional(v.picklist(["disabled", "enabled"])),
  proxy: optional(v.boolean()),
  decodeEscapes: optional(v.boolean()),
});

/** A scenario file: a `Scenario` in JSON, with binary user-data in `userDataBase64`. */
export const scenarioSchema: v.GenericSchema<unknown, Scenario> = v.pipe(
  // An object schema with only optional fields would accept an empty list.
  v.custom((value) => !Array.isArray(value), "expected an object, not a list"),
  fileSchema,
  v.transform(({ userDataBase64, ...scenario }): Scenario => {
    return userDataBase64 === undefined ? scenario : { ...scenario, userData: userDataBase64 };
  }),
);
