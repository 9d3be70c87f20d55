import { eni, type FullEni } from "../scenario/eni-spec.ts";
import { eniTree } from "./eni-tree.ts";
import { localHostname, publicHostname } from "./hostname.ts";
import { credentialsTrees, identityDocument } from "./identity.ts";
import { type InstanceFacts, instanceFacts, type InstanceSpec } from "../scenario/instance-spec.ts";
import type { Content } from "./metadata.ts";
import type { Tree } from "./tree.ts";

/** The metadata of a realistic instance, with every folder that EC2 provides. */
export function instance(spec: InstanceSpec = {}): Content {
  const facts = instanceFacts(spec);
  const enis = (spec.enis ?? [{ device: 0 }]).map(eni);
  const primary = enis[0] ?? eni({ device: 0 });
  const userData = spec.userData === undefined ? {} : { userData: spec.userData };
  return {
    metaData: {
      ...instanceLeaves(facts),
      ...primaryLeaves(primary, facts.region),
      ...fixedFolders(facts),
      ...credentialsTrees(facts, spec),
      network: { interfaces: { macs: macTrees(enis, facts) } },
      ...(spec.tags === undefined ? {} : { tags: { instance: spec.tags } }),
      ...keyTree(facts.keyName),
    },
    dynamic: {
      "instance-identity": identityDocument(facts, primary.ipv4[0] ?? null),
    },
    ...userData,
  };
}

function instanceLeaves(facts: InstanceFacts): Tree {
  return {
    "ami-id": facts.imageId,
    "ami-launch-index": "0",
    "ami-manifest-path": "(unknown)",
    "instance-action": "none",
    "instance-id": facts.instanceId,
    "instance-life-cycle": "on-demand",
    "instance-type": facts.instanceType,
    profile: "default-hvm",
    "reservation-id": "r-0ec20000000000001",
    "security-groups": "default",
    system: "nitro",
  };
}

function primaryLeaves(primary: FullEni, region: string): Tree {
  const [ipv4] = primary.ipv4;
  const [ipv6] = primary.ipv6;
  const [publicIpv4] = primary.publicIpv4;
  const name = ipv4 === undefined ? null : localHostname(ipv4, region);
  return {
    mac: primary.mac,
    ...(name === null ? {} : { hostname: name, "local-hostname": name }),
    ...(ipv4 === undefined ? {} : { "local-ipv4": ipv4 }),
    ...(ipv6 === undefined ? {} : { ipv6 }),
    ...(publicIpv4 === undefined
      ? {}
      : { "public-ipv4": publicIpv4, "public-hostname": publicHostname(publicIpv4, region) }),
  };
}

function fixedFolders({ availabilityZone, region }: InstanceFacts): Tree {
  const zoneId = `${region.replace(/^([a-z]+)-([a-z])[a-z]*-(\d)$/, "$1$2$3")}-az2`;
  return {
    "block-device-mapping": { ami: "/dev/xvda", root: "/dev/xvda" },
    events: { maintenance: { history: "[]", scheduled: "[]" } },
    hibernation: { configured: "false" },
    metrics: { vhostmd: '<?xml version="1.0" encoding="UTF-8"?>' },
    placement: {
      "availability-zone": availabilityZone,
      "availability-zone-id": zoneId,
      region,
    },
    services: { domain: "amazonaws.com", partition: "aws" },
  };
}

function macTrees(enis: readonly FullEni[], facts: InstanceFacts): Tree {
  return Object.fromEntries(enis.map((full) => [full.mac, eniTree(full, facts)]));
}

function keyTree(keyName: string | null): Tree {
  if (keyName === null) return {};
  const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g ${keyName}`;
  return { "public-keys": { [`0=${keyName}`]: { "openssh-key": key } } };
}
