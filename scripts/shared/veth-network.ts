import { run } from "./run.ts";

/** A NIC of the simulated instance: a veth pair whose other end is on the side of the VPC. */
export interface VethNic {
  readonly name: string;
  readonly mac: string;
  /** The address with its prefix length; null: none. */
  readonly address: string | null;
}

/** The network namespace of the VPC, where IMDS listens. */
export const vpcNamespace = "vpc";

/** 169.254.169.254 and fd00:ec2::254, as on EC2; only in namespaces made by `enterNamespaces`. */
export const imdsAddresses = ["169.254.169.254", "fd00:ec2::254"] as const;

/**
 * Builds the network of an instance in the namespace of this process, and the VPC in another: the
 * NICs, the addresses of IMDS, and `/sys` and `/run` for this namespace.
 */
export function buildNetwork(nics: readonly VethNic[]): void {
  run("mount", "--make-rprivate", "/");
  run("mount", "-t", "tmpfs", "tmpfs", "/run");
  run("mount", "-t", "sysfs", "sysfs", "/sys");
  run("ip", "link", "set", "lo", "up");
  run("ip", "netns", "add", vpcNamespace);
  inVpc("ip", "link", "set", "lo", "up");
  for (const address of imdsAddresses) {
    const family = address.includes(":") ? "-6" : "-4";
    inVpc("ip", family, "address", "add", address, "dev", "lo");
  }
  for (const nic of nics) addNic(nic);
}

/** Runs a command in the namespace of the VPC. */
export function inVpc(...argv: readonly string[]): string {
  return run(...inVpcArgv(argv));
}

export function inVpcArgv(argv: readonly string[]): readonly string[] {
  return ["nsenter", `--net=/run/netns/${vpcNamespace}`, "--", ...argv];
}

/** Drops all packets from this NIC on the side of the VPC, without an error to the sender. */
export function dropIncoming(name: string): void {
  // the rule for local addresses is the first by default, and would accept the packets
  inVpc("ip", "rule", "add", "pref", "10", "lookup", "local");
  inVpc("ip", "rule", "del", "pref", "0");
  inVpc("ip", "rule", "add", "pref", "5", "iif", farEnd(name), "blackhole");
}

/** Adds an address to a NIC, and one in the same subnet to the router. */
export function addAddress(name: string, address: string): void {
  run("ip", "address", "add", address, "dev", name);
  const router = address.replace(/\d+\/(\d+)$/, "1/$1");
  inVpc("ip", "address", "add", router, "dev", farEnd(name));
}

/** Removes a NIC. */
export function removeNic(name: string): void {
  run("ip", "link", "del", name);
}

function farEnd(name: string): string {
  return `${name}-vpc`;
}

/** Adds a NIC. */
export function addNic({ name, mac, address }: VethNic): void {
  const far = farEnd(name);
  const peer = ["type", "veth", "peer", "name", far, "netns", vpcNamespace];
  run("ip", "link", "add", name, "address", mac, ...peer);
  inVpc("ip", "link", "set", far, "up");
  run("ip", "link", "set", name, "up");
  if (address === null) return;
  addAddress(name, address);
  run("ip", "route", "append", "169.254.169.254", "dev", name);
}
