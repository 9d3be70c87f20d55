import { type DnsFacts, networkManagerHeader } from "../../model/backend-facts.ts";
import type { Activation, ConfigFile } from "../../model/plan.ts";
import {
  networkManagerDnsPath,
  networkdConfigPath,
  managedMark,
} from "../../model/managed-paths.ts";

interface DnsPlan {
  /** null: NetworkManager needs to be told nothing. */
  readonly file: ConfigFile | null;
  readonly reasons: readonly string[];
}

const resolvConf = "/etc/resolv.conf";

/**
 * Whether NetworkManager must be told to leave /etc/resolv.conf alone. It empties the file of
 * somebody else when it starts (https://bugzilla.redhat.com/show_bug.cgi?id=1748015), so that it has
 * to know before: whenever it is installed, and the file has name servers that it has not written
 * itself. A symbolic link it leaves alone (NetworkManager.conf(5), rc-manager), and what an admin
 * said about DNS counts.
 */
export function planDns({ resolvConf: current, hasNetworkManager, setting }: DnsFacts): DnsPlan {
  if (!hasNetworkManager) return { file: null, reasons: [] };
  if (setting !== null) return noDnsFile(`${setting.path} says ${setting.text}`);
  if (current === null) return noDnsFile(`there is no ${resolvConf} to keep`);
  if (current.target !== null)
    return noDnsFile(`${resolvConf} is a symbolic link to ${current.target}`);
  if (isWrittenByNetworkManager(current.text))
    return noDnsFile(`NetworkManager writes ${resolvConf}`);
  if (!hasNameServer(current.text)) return noDnsFile(`${resolvConf} has no name server to keep`);
  const reason = `${resolvConf} has name servers that NetworkManager has not written`;
  return {
    file: dnsFile,
    reasons: [`DNS: ${reason}: told to leave it alone (${networkManagerDnsPath})`],
  };
}

function noDnsFile(reason: string): DnsPlan {
  return { file: null, reasons: [`DNS: ${reason}: no file for NetworkManager`] };
}

function isWrittenByNetworkManager(text: string): boolean {
  return new RegExp(`^${networkManagerHeader}\\b`).test(text);
}

/** As resolv.conf(5) has it: the keyword begins a line. */
function hasNameServer(text: string): boolean {
  return /^nameserver[ \t]+\S/m.test(text);
}

const dnsFile: ConfigFile = {
  path: networkManagerDnsPath,
  content: [
    `# ${managedMark}: ${resolvConf} is somebody else's`,
    "# to give it to NetworkManager, say what it should do with DNS in a file of your own here",
    "[main]",
    "dns=none",
    "",
  ].join("\n"),
  mode: 0o644,
  mac: null,
};

/**
 * What networkd must be told so that routes and rules of others (container networks, VPNs, an admin)
 * stay: by default it takes away what it has not made, whenever it configures a link. It looks when
 * it starts. An admin's file with a later name counts more. networkd.conf(5), since 249.
 * https://github.com/amazonlinux/amazon-ec2-net-utils/issues/96
 */
export function planNetworkdConfig({ backend, renderer }: Activation): readonly ConfigFile[] {
  return backend === "networkd" || renderer === "networkd" ? [networkdConfigFile] : [];
}

const networkdConfigFile: ConfigFile = {
  path: networkdConfigPath,
  content: [
    `# ${managedMark}: what others made stays`,
    "[Network]",
    "ManageForeignRoutes=no",
    "ManageForeignRoutingPolicyRules=no",
    "",
  ].join("\n"),
  mode: 0o644,
  mac: null,
};
