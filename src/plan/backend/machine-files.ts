import { type DnsFacts, networkManagerHeader } from "../../model/backend-facts.ts";
import type { Activation, ConfigFile } from "../../model/plan.ts";
import {
  networkManagerDnsPath,
  networkdConfigPath,
  managedMark,
} from "../../model/managed-paths.ts";

interface DnsPlan {
  /** null if NetworkManager needs no file about DNS. */
  readonly file: ConfigFile | null;
  readonly reasons: readonly string[];
}

const resolvConf = "/etc/resolv.conf";

/**
 * Whether NetworkManager needs a file which makes it leave /etc/resolv.conf alone. When it starts,
 * it empties a resolv.conf that another program wrote
 * (https://bugzilla.redhat.com/show_bug.cgi?id=1748015). So the file must exist before that, if
 * resolv.conf has name servers that NetworkManager did not write. NetworkManager never replaces a
 * symbolic link (NetworkManager.conf(5), rc-manager), and an admin's own DNS setting is respected.
 */
export function planDns({ resolvConf: current, hasNetworkManager, setting }: DnsFacts): DnsPlan {
  if (!hasNetworkManager) return { file: null, reasons: [] };
  if (setting !== null) return noDnsFile(`${setting.path} says ${setting.text}`);
  if (current === null) return noDnsFile(`there is no ${resolvConf} to keep`);
  const { target, text } = current;
  if (target !== null) return noDnsFile(`${resolvConf} is a symbolic link to ${target}`);
  if (isWrittenByNetworkManager(text)) return noDnsFile(`NetworkManager writes ${resolvConf}`);
  if (!hasNameServer(text)) return noDnsFile(`${resolvConf} has no name server to keep`);
  const reason = `${resolvConf} has name servers that NetworkManager did not write`;
  const effect = `${networkManagerDnsPath} stops it from replacing them`;
  return { file: dnsFile, reasons: [`DNS: ${reason}, so ${effect}`] };
}

function noDnsFile(reason: string): DnsPlan {
  return { file: null, reasons: [`DNS: ${reason}, so NetworkManager gets no file`] };
}

function isWrittenByNetworkManager(text: string): boolean {
  return new RegExp(`^${networkManagerHeader}\\b`).test(text);
}

/** The keyword begins a line (resolv.conf(5)). */
function hasNameServer(text: string): boolean {
  return /^nameserver[ \t]+\S/m.test(text);
}

const dnsFile = machineFile(networkManagerDnsPath, [
  `# ${managedMark}: ${resolvConf} is somebody else's`,
  "# to give it to NetworkManager, say what it should do with DNS in a file of your own here",
  "[main]",
  "dns=none",
]);

function machineFile(path: string, lines: readonly string[]): ConfigFile {
  return { path, content: `${lines.join("\n")}\n`, mode: 0o644, mac: null };
}

/**
 * The file that makes networkd keep routes and rules of other programs (container networks, VPNs)
 * and of an admin. By default networkd removes all that it did not create whenever it configures a
 * link. It reads the file when it starts; an admin's file with a later name takes precedence.
 * networkd.conf(5), since 249. https://github.com/amazonlinux/amazon-ec2-net-utils/issues/96
 */
export function planNetworkdConfig({ backend, renderer }: Activation): readonly ConfigFile[] {
  return backend === "networkd" || renderer === "networkd" ? [networkdConfigFile] : [];
}

const networkdConfigFile = machineFile(networkdConfigPath, [
  `# ${managedMark}: what others made stays`,
  "[Network]",
  "ManageForeignRoutes=no",
  "ManageForeignRoutingPolicyRules=no",
]);
