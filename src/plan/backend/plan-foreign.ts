import type { Activation } from "../../model/activation.ts";
import type { ConfigFile } from "../../model/network-plan.ts";
import { foreignPath, ownMark } from "../../model/own-files.ts";

/**
 * What networkd must be told so that routes and rules of others (container networks, VPNs, an admin)
 * stay: by default it takes away what it has not made, whenever it configures a link. It looks when
 * it starts. An admin's file with a later name counts more. networkd.conf(5), since 249.
 * https://github.com/amazonlinux/amazon-ec2-net-utils/issues/96
 */
export function planForeign({ backend, renderer }: Activation): readonly ConfigFile[] {
  return backend === "networkd" || renderer === "networkd" ? [foreignFile] : [];
}

const foreignFile: ConfigFile = {
  path: foreignPath,
  content: [
    `# ${ownMark}: what others made stays`,
    "[Network]",
    "ManageForeignRoutes=no",
    "ManageForeignRoutingPolicyRules=no",
    "",
  ].join("\n"),
  mode: 0o644,
  mac: null,
};
