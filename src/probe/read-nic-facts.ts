import type { Host } from "../host/host.ts";
import type { NicFacts } from "../model/probe-facts.ts";
import { textIn } from "../inspect/links/text-in.ts";

/** What decides on a NIC's packets beside routes. Nothing that is missing is an error. */
export async function readNicFacts(
  host: Pick<Host, "exec" | "files">,
  nic: string,
): Promise<NicFacts> {
  const [all, own, exceeded] = await Promise.all([
    readNumber(host, "all"),
    readNumber(host, nic),
    readExceeded(host, nic),
  ]);
  // ip-sysctl: "The max value from conf/{all,interface}/rp_filter is used"
  return { rpFilter: all === null || own === null ? null : Math.max(all, own), exceeded };
}

async function readNumber(host: Pick<Host, "files">, name: string): Promise<number | null> {
  const text = (await textIn(host, `/proc/sys/net/ipv4/conf/${name}/rp_filter`)).trim();
  return /^[012]$/.test(text) ? Number(text) : null;
}

/**
 * ena's counter of packets to link-local services (IMDS, DNS, NTP) beyond 1024 a second.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-network-performance-ena.html
 */
async function readExceeded(host: Pick<Host, "exec">, nic: string): Promise<number | null> {
  const { code, stdout } = await host.exec(["ethtool", "-S", nic], { timeoutMs: 2000 });
  const count = /^\s*linklocal_allowance_exceeded:\s*(\d+)$/m.exec(stdout)?.[1];
  return code !== 0 || count === undefined ? null : Number(count);
}
