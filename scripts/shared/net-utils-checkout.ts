import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * The checkout of amazon-ec2-net-utils that EC2_NET_UTILS names, since this repository has no copy
 * of it. Null where there is none; a line on stdout says that the comparison goes without it.
 */
export function netUtilsCheckout(): string | null {
  const folder = process.env["EC2_NET_UTILS"] ?? "";
  if (existsSync(join(folder, "lib/lib.sh"))) return folder;
  console.log(
    "\nec2-net-utils is left out: EC2_NET_UTILS=DIR does not name a checkout of it\n" +
      "(git clone https://github.com/amazonlinux/amazon-ec2-net-utils)",
  );
  return null;
}
