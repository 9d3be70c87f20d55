import type { InstanceFacts, InstanceSpec } from "../scenario/instance-spec.ts";
import type { Tree } from "./tree.ts";

const issued = "2026-01-02T03:04:05Z";

/**
 * `dynamic/instance-identity/`. The signatures have the right format, but they are not valid.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html
 */
export function identityDocument(facts: InstanceFacts, privateIp: string | null): Tree {
  const document = {
    accountId: facts.accountId,
    architecture: "x86_64",
    availabilityZone: facts.availabilityZone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: facts.imageId,
    instanceId: facts.instanceId,
    instanceType: facts.instanceType,
    kernelId: null,
    pendingTime: issued,
    privateIp,
    ramdiskId: null,
    region: facts.region,
    version: "2017-09-30",
  };
  return {
    document: json(document),
    signature: base64Lines("signature", 2),
    pkcs7: base64Lines("pkcs7", 16),
    rsa2048: base64Lines("rsa2048", 20),
  };
}

/**
 * The folders with credentials: `identity-credentials/`, which every instance has, `iam/` if the
 * instance has a role, and `iam-ecs-N/` for each ECS task.
 */
export function credentialsTrees(facts: InstanceFacts, spec: InstanceSpec): Tree {
  const identity = {
    ec2: {
      info: json({ Code: "Success", LastUpdated: issued, AccountId: facts.accountId }),
      "security-credentials": { "ec2-instance": json(credentials("IDENTITY")) },
    },
  };
  const tasks = (spec.ecsTaskRoles ?? []).map((role, index) => {
    return [`iam-ecs-${index}`, roleTree(facts, role, "TASK")] as const;
  });
  return {
    "identity-credentials": identity,
    ...(spec.iamRole === undefined ? {} : { iam: roleTree(facts, spec.iamRole, "ROLE") }),
    ...Object.fromEntries(tasks),
  };
}

function roleTree(facts: InstanceFacts, role: string, of: string): Tree {
  return {
    info: json({
      Code: "Success",
      LastUpdated: issued,
      InstanceProfileArn: `arn:aws:iam::${facts.accountId}:instance-profile/${role}`,
      InstanceProfileId: "AIPAEXAMPLE0EC2NIC00",
    }),
    "security-credentials": { [role]: json(credentials(of)) },
  };
}

/** Tests search for these words to prove that credentials are not leaked. */
function credentials(of: string): Record<string, string> {
  return {
    Code: "Success",
    LastUpdated: issued,
    Type: "AWS-HMAC",
    AccessKeyId: `ASIAEXAMPLE${of}`,
    SecretAccessKey: `simulated-secret-${of}`,
    Token: `simulated-session-token-${of}`,
    Expiration: "2036-01-02T09:04:05Z",
  };
}

function json(value: object): string {
  return JSON.stringify(value, null, 2);
}

function base64Lines(seed: string, lines: number): readonly string[] {
  const line = Buffer.from(seed.repeat(12)).toString("base64").slice(0, 64);
  return Array.from({ length: lines }, () => line);
}
