import type { ConfigFile } from "../../../src/model/plan.ts";

/**
 * Returns the lines of a rendered file that ec2nic has no key for, or a value that the key cannot
 * have. It is independent of the renderers, so that it can contradict them.
 */
export function findForeignContent({ path, content, mode }: ConfigFile): readonly string[] {
  const fileKind = fileKinds.find(({ pattern }) => pattern.test(path));
  if (fileKind === undefined) return [`a file at ${path}`];
  if ((mode & 0o022) !== 0) return [`${path}: others may write it`];
  const found =
    fileKind.format === "yaml"
      ? findForeignYaml(content)
      : findForeignIniLines(content, fileKind.keys);
  return found.map((what) => `${path}: ${what}`);
}

type Keys = Readonly<Record<string, readonly RegExp[]>>;

const address = "[0-9a-f.:]{2,39}(?:/\\d{1,3})?";
const number = "-?\\d{1,10}";
const keyValue = (key: string, value: string): RegExp => new RegExp(`^${key}=(?:${value})$`);

const networkdKeys: Keys = {
  Match: [
    keyValue("MACAddress", "(?:[0-9a-f]{2}:?){6}"),
    keyValue("Type", "ether"),
    keyValue("Kind", "![a-z ]+"),
  ],
  Link: [
    keyValue("RequiredForOnline", "no"),
    keyValue("RequiredFamilyForOnline", "ipv6"),
    keyValue("Group", "10000"),
  ],
  Network: [
    keyValue("DHCP", "yes|ipv4|ipv6"),
    keyValue("IPv6AcceptRA", "yes|no"),
    keyValue("KeepConfiguration", "dhcp"),
    keyValue("ManageForeign\\w+", "no"),
  ],
  DHCPv4: [
    keyValue("RouteMetric", number),
    keyValue("UseMTU", "yes"),
    keyValue("RoutesToDNS|UseHostname|UseGateway", "no"),
  ],
  DHCPv6: [keyValue("UseHostname", "no")],
  IPv6AcceptRA: [keyValue("RouteMetric|RouteTable", number), keyValue("UseGateway", "no")],
  Address: [
    keyValue("Address", address),
    keyValue("AddPrefixRoute", "no"),
    keyValue("PreferredLifetime", "0"),
  ],
  Route: [
    keyValue("Destination", address),
    keyValue("Gateway", `_ipv6ra|${address}`),
    keyValue("GatewayOnLink", "yes"),
    keyValue("Metric|Table", number),
    keyValue("Type", "throw"),
  ],
  RoutingPolicyRule: [
    keyValue("From|To", address),
    keyValue("Table|Priority", number),
    keyValue("SuppressPrefixLength", "[014]"),
    keyValue("SuppressInterfaceGroup", "10000"),
  ],
};

const rule = `priority \\d+ from ${address}(?: to ${address})? table \\d+(?: suppress_prefixlength [014])?`;
const familyKeys = [
  keyValue("method", "auto|disabled|link-local"),
  keyValue("dhcp-timeout|required-timeout|ra-timeout|route-metric|ip6-privacy", number),
  keyValue("addr-gen-mode", "eui64"),
  keyValue("never-default", "true"),
  keyValue("address\\d+", address),
  keyValue("route\\d+", `${address}(?:,${address})?`),
  keyValue("route\\d+_options", "table=\\d+(?:,onlink=true|,type=throw)?"),
  keyValue("routing-rule\\d+", rule),
];
const managerKeys: Keys = {
  connection: [
    keyValue("id", "ec2nic-[0-9a-f]{12}|ec2nic [0-9a-f:]+"),
    keyValue("uuid", "[0-9a-f-]{36}"),
    keyValue("type", "ethernet"),
    keyValue("autoconnect-priority|autoconnect-retries", number),
  ],
  ethernet: [keyValue("mac-address", "(?:[0-9A-F]{2}:?){6}")],
  ipv4: familyKeys,
  ipv6: familyKeys,
  user: [keyValue("org.freedesktop.NetworkManager.origin", "ec2nic")],
  main: [keyValue("dns", "none")],
};

const fileKinds: readonly {
  readonly pattern: RegExp;
  readonly format: "yaml" | "ini";
  readonly keys: Keys;
}[] = [
  { pattern: /^\/etc\/netplan\/60-ec2nic-[0-9a-f]{12}\.yaml$/, format: "yaml", keys: {} },
  {
    pattern: /^\/etc\/NetworkManager\/system-connections\/ec2nic-[0-9a-f]{12}\.nmconnection$/,
    format: "ini",
    keys: managerKeys,
  },
  {
    pattern: /^\/etc\/systemd\/network\/60-ec2nic-[0-9a-f]{12}\.network$/,
    format: "ini",
    keys: networkdKeys,
  },
  {
    pattern: /^\/etc\/systemd\/network\/10-netplan-[\w-]+\.network\.d\/60-ec2nic\.conf$/,
    format: "ini",
    keys: networkdKeys,
  },
];

const comment =
  /^# (?:written by ec2nic, and written again at its next run|to keep it off this NIC, list it in \/etc\/ec2nic\/unmanaged and delete this file|eni-[0-9a-z]+, (?:primary, )?index \d+)$/;

function findForeignIniLines(content: string, keys: Keys): readonly string[] {
  let section = "";
  return content.split("\n").flatMap((line) => {
    if (line === "" || comment.test(line)) return [];
    const name = /^\[([A-Za-z0-9]+)\]$/.exec(line)?.[1];
    if (name !== undefined) section = name;
    const isKnown =
      name === undefined ? keys[section]?.some((key) => key.test(line)) : Object.hasOwn(keys, name);
    return isKnown === true ? [] : [JSON.stringify(line)];
  });
}

const yamlKeys =
  /^(?:network|version|ethernets|renderer|match|macaddress|optional|dhcp[46]|dhcp[46]-overrides|route-metric|use-hostname|accept-ra|addresses|lifetime|routes|to|via|scope|on-link|table|routing-policy|from|priority|ipv6-address-generation|networkmanager|uuid|name|passthrough|[0-9a-f.:]+\/\d{1,3}|(?:connection|ipv4|ipv6)\.[a-z0-9_-]+|ec2nic[\w-]*|[\w-]*[0-9a-f]{12})$/;
const yamlValues =
  /^(?:[0-9a-f.:]{2,39}(?:\/\d{1,3})?|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|networkd|NetworkManager|link|eui64|auto|disabled|link-local|[0-9a-f-]{36}|ec2nic[ -][0-9a-f:]+|-?\d+|priority \d+ from [0-9a-f.:/]+(?: to [0-9a-f.:/]+)? table \d+(?: suppress_prefixlength [014])?|table=\d+,type=throw)$/;

function findForeignYaml(content: string): readonly string[] {
  const comments = content
    .split("\n")
    .filter((line) => line.trimStart().startsWith("#") && !comment.test(line));
  const walk = (value: unknown): readonly string[] => {
    if (Array.isArray(value)) return value.flatMap(walk);
    if (typeof value === "object" && value !== null) {
      return Object.entries(value).flatMap(([key, child]) => [
        ...(yamlKeys.test(key) ? [] : [`key ${JSON.stringify(key)}`]),
        ...walk(child),
      ]);
    }
    const isPlain = typeof value === "boolean" || Number.isInteger(value);
    return isPlain || yamlValues.test(String(value)) ? [] : [`value ${JSON.stringify(value)}`];
  };
  return [...comments, ...walk(Bun.YAML.parse(content))];
}
