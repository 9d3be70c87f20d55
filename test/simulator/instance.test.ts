import { describe, expect, test } from "bun:test";
import { eni, type EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import { instance } from "../../scripts/simulator/metadata/instance.ts";
import type { InstanceSpec } from "../../scripts/simulator/scenario/instance-spec.ts";
import { Metadata } from "../../scripts/simulator/metadata/metadata.ts";

function read(spec: InstanceSpec, path: string): string | null {
  const bytes = new Metadata(instance(spec), () => 0).read(path.split("/"));
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

function leaves(spec: EniSpec): string[] {
  const path = `meta-data/network/interfaces/macs/${eni(spec).mac}`;
  return (read({ enis: [spec] }, path) ?? "").split("\n");
}

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
const always = [
  "device-number",
  "interface-id",
  "mac",
  "owner-id",
  "security-group-ids",
  "security-groups",
  "subnet-id",
  "vpc-id",
  "vpc-ipv4-cidr-block",
  "vpc-ipv4-cidr-blocks",
];
const ipv4 = ["local-hostname", "local-ipv4s", "subnet-ipv4-cidr-block"];
const ipv6 = ["ipv6s", "subnet-ipv6-cidr-blocks", "vpc-ipv6-cidr-blocks"];

describe("an ENI has exactly the leaves that AWS documents", () => {
  test.each<[string, EniSpec, string[]]>([
    ["IPv4", { device: 1 }, ipv4],
    ["dual-stack", { device: 1, dualStack: true }, [...ipv4, ...ipv6]],
    ["IPv6 only", { device: 1, ipv4: [], dualStack: true }, ipv6],
    ["EFA only", { device: 1, card: 1, efaOnly: true }, ["network-card"]],
    [
      "everything",
      {
        device: 1,
        card: 1,
        dualStack: true,
        publicIpv4: ["198.51.100.7"],
        ipv4Prefixes: ["10.0.17.16/28"],
        ipv6Prefixes: ["2600:1f14:ec2:111:1::/80"],
      },
      [
        ...ipv4,
        ...ipv6,
        "network-card",
        "public-hostname",
        "public-ipv4s",
        "ipv4-associations/",
        "ipv4-prefix",
        "ipv6-prefix",
      ],
    ],
  ])("%s", (_, spec, additional) => {
    expect(leaves(spec)).toEqual([...always, ...additional].toSorted());
  });
});

test("missing fields of an ENI are derived from its card and device", () => {
  expect(eni({ device: 1 })).toMatchObject({
    mac: "06:ec:2a:00:00:01",
    id: "eni-0ec2006ec2a000001",
    ipv4: ["10.0.1.10"],
    subnetCidr: "10.0.1.0/24",
  });
  expect(eni({ device: 1, card: 2, dualStack: true })).toMatchObject({
    mac: "06:ec:2a:00:02:01",
    ipv4: ["10.0.33.10"],
    ipv6: ["2600:1f14:ec2:121::10"],
    subnetIpv6Cidrs: ["2600:1f14:ec2:121::/64"],
  });
  expect(eni({ device: 1, mac: "0A:00:00:00:00:0F" }).mac).toBe("0a:00:00:00:00:0f");
});

test("each public address is associated with the private address at the same index", () => {
  const enis = [
    { device: 0, ipv4: ["10.0.0.8", "10.0.0.9"], publicIpv4: ["192.0.2.1", "192.0.2.2"] },
  ];
  const path = "meta-data/network/interfaces/macs/06:ec:2a:00:00:00/ipv4-associations";
  expect(read({ enis }, path)).toBe("192.0.2.1\n192.0.2.2");
  expect(read({ enis }, `${path}/192.0.2.2`)).toBe("10.0.0.9");
  expect(read({ enis }, "meta-data/public-ipv4")).toBe("192.0.2.1");
});

test("the leaves of the instance are derived from its description", () => {
  const spec = { instanceId: "i-1", availabilityZone: "us-east-1b", enis: [{ device: 0 }] };
  const expected = {
    "instance-id": "i-1",
    mac: "06:ec:2a:00:00:00",
    hostname: "ip-10-0-0-10.ec2.internal",
    "local-ipv4": "10.0.0.10",
    "placement/availability-zone": "us-east-1b",
    "placement/region": "us-east-1",
    "placement/availability-zone-id": "use1-az2",
    "services/partition": "aws",
  };
  for (const [key, value] of Object.entries(expected)) {
    expect([key, read(spec, `meta-data/${key}`)]).toEqual([key, value]);
  }
});

test("tags, public-keys and iam exist only if the instance has them", () => {
  const spec = { tags: { Name: "web" }, iamRole: "reader", keyName: "ops" };
  expect(read(spec, "meta-data/tags/instance/Name")).toBe("web");
  expect(read(spec, "meta-data/public-keys")).toBe("0=ops");
  expect(read(spec, "meta-data/iam/security-credentials")).toBe("reader");
  const credentials = read(spec, "meta-data/iam/security-credentials/reader") ?? "";
  expect(JSON.parse(credentials)).toMatchObject({ Code: "Success", Type: "AWS-HMAC" });
  for (const path of ["tags", "iam", "public-keys"]) {
    expect(read({ keyName: null }, `meta-data/${path}`)).toBeNull();
  }
});

test("the identity document is JSON that describes this instance", () => {
  const document = read({ instanceId: "i-2" }, "dynamic/instance-identity/document") ?? "";
  expect(JSON.parse(document)).toMatchObject({
    instanceId: "i-2",
    region: "eu-central-1",
    privateIp: "10.0.0.10",
  });
  expect(read({}, "dynamic/instance-identity")).toBe("document\npkcs7\nrsa2048\nsignature");
});

// Each row is a report: public-hostname (eks-ami #2031), iam-ecs-* (tasks of ECS), HyperPod's primary
// with device 1 (vpc-cni #3753), networks without "::" (amazon-ec2-net-utils #63).
test("the metadata has what people report of EC2", () => {
  const enis = [
    { device: 1, dualStack: true, emptyLeaves: ["public-hostname", "ipv4-prefix"] },
    { device: 0, ipv6Prefixes: ["2600:1f14:ec2:101:1::/80"] },
  ];
  const spec = { enis, ecsTaskRoles: ["task"], iamRole: "web", tags: { "a/b": "c" } };
  const key = (path: string) => read(spec, `meta-data/${path}`);
  const [primary, other] = ["01", "00"].map(
    (end) => `network/interfaces/macs/06:ec:2a:00:00:${end}`,
  );
  expect(key("mac")).toBe("06:ec:2a:00:00:01");
  expect(key(`${primary}`)).toContain("\npublic-hostname\n");
  expect(key(`${primary}/public-hostname`)).toBe("");
  expect(key(`${primary}/ipv4-prefix`)).toBe("");
  expect(key(`${primary}/subnet-ipv6-cidr-blocks`)).toBe("2600:1f14:ec2:101:0:0:0:0/64");
  expect(key(`${other}/ipv6-prefix`)).toBe("2600:1f14:ec2:101:1:0:0:0/80");
  expect(key("iam-ecs-0/security-credentials/task")).toContain("simulated-secret-TASK");
  expect(key("tags/instance")).toBe("a/b");
});
