import type { EniSpec } from "./eni-spec.ts";

/** An instance in as few words as one likes. */
export interface InstanceSpec {
  readonly instanceId?: string;
  readonly instanceType?: string;
  readonly imageId?: string;
  readonly accountId?: string;
  readonly availabilityZone?: string;
  /** Default: one ENI. The first is the primary. */
  readonly enis?: readonly EniSpec[];
  /** Instance tags; none: no `tags/`, as where they are not allowed in metadata. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly userData?: string | Uint8Array;
  /** The role's name; none: no `iam/`. */
  readonly iamRole?: string;
  /** The key pair's name; null: the instance has none, and no `public-keys/`. */
  readonly keyName?: string | null;
}

/** The instance's own facts with nothing left open. */
export interface InstanceFacts {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly imageId: string;
  readonly accountId: string;
  readonly availabilityZone: string;
  readonly region: string;
  readonly keyName: string | null;
}

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
