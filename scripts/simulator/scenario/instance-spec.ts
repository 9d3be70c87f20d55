import type { EniSpec } from "./eni-spec.ts";

/** The description of an instance; every field has a default. */
export interface InstanceSpec {
  readonly instanceId?: string;
  readonly instanceType?: string;
  readonly imageId?: string;
  readonly accountId?: string;
  readonly availabilityZone?: string;
  /** Default: one ENI. The first is the primary (`mac`), whatever its device number. */
  readonly enis?: readonly EniSpec[];
  /** Instance tags. Undefined: no `tags/`, as if tags in metadata were not allowed. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly userData?: string | Uint8Array;
  /** The name of the role. Undefined: no `iam/`. */
  readonly iamRole?: string;
  /** A role for each ECS task; the keys of the first are in `iam-ecs-0/security-credentials/`. */
  readonly ecsTaskRoles?: readonly string[];
  /** The name of the key pair. Null: the instance has none, and there is no `public-keys/`. */
  readonly keyName?: string | null;
}

/** The facts of the instance, with all fields filled in. */
export interface InstanceFacts {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly imageId: string;
  readonly accountId: string;
  readonly availabilityZone: string;
  readonly region: string;
  readonly keyName: string | null;
}

/** Fills in the missing fields of an instance. */
export function instanceFacts(spec: InstanceSpec): InstanceFacts {
  const availabilityZone = spec.availabilityZone ?? "eu-central-1a";
  return {
    instanceId: spec.instanceId ?? "i-0ec20000000000001",
    instanceType: spec.instanceType ?? "m7i.large",
    imageId: spec.imageId ?? "ami-0ec20000000000001",
    accountId: spec.accountId ?? "123456789012",
    availabilityZone,
    region: availabilityZone.replace(/[a-z]$/, ""),
    keyName: spec.keyName === undefined ? "my-key" : spec.keyName,
  };
}
