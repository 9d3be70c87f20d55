/**
 * Takes temporary leases and asks IMDS through them, as ec2nic does: `DRIVER [--timeout MS] NIC…`.
 * First it removes what a killed run left; without a NIC it does only that. Prints the result for
 * each NIC as JSON.
 */
import { Failure, exitCodes, reportOf } from "../../../../src/exit.ts";
import type { Host } from "../../../../src/host/host.ts";
import { systemHost } from "../../../../src/host/system.ts";
import { recoverLeases } from "../../../../src/imds/connect/ephemeral-leases.ts";
import { type LeaseSession, openLeaseSession } from "../../../../src/ephemeral-dhcp/leases.ts";
import { readLinkStates } from "../../../../src/inspect/links/link-states.ts";

const imds = "169.254.169.254";

/** The result for one NIC. */
export interface LeaseResult {
  readonly nic: string;
  /** Why there is no lease or no answer of IMDS; null: IMDS answered. */
  readonly failure: string | null;
  readonly address: string | null;
  readonly instanceId: string | null;
}

const host = systemHost({ format: "text", isPlain: false, verbosity: "verbose" });
process.exit(await main(host, process.argv.slice(2)));

async function main(host: Host, argv: readonly string[]): Promise<number> {
  const nics = argv[0] === "--timeout" ? argv.slice(2) : argv;
  const deadlineMs = host.clock.now() + Number(argv[0] === "--timeout" ? argv[1] : "15000");
  const leases = openLeaseSession(host, { endpoints: [imds], deadlineMs });
  try {
    await recoverLeases(host);
    const results = await Promise.all(nics.map((nic) => ask(host, leases, nic, deadlineMs)));
    host.signal.throwIfAborted();
    await host.print(`${JSON.stringify(results)}\n`);
    return results.every(({ failure }) => failure === null) ? 0 : exitCodes.UNAVAILABLE;
  } catch (error) {
    const { code, message } = reportOf(error);
    host.log.error(message);
    return code;
  } finally {
    await leases.close();
    await host.log.flush();
  }
}

async function ask(
  host: Host,
  leases: LeaseSession,
  name: string,
  deadlineMs: number,
): Promise<LeaseResult> {
  const failed = (failure: string): LeaseResult => ({
    nic: name,
    failure,
    address: null,
    instanceId: null,
  });
  const link = (await readLinkStates(host)).find((link) => link.name === name);
  if (link === undefined) return failed("there is no such link");
  const [lease] = await Promise.all([leases.take(link, deadlineMs), leases.take(link, deadlineMs)]);
  if (lease.kind === "none") return failed(lease.reason);
  const bound = await host.bind({ nic: name, sources: [lease.address], connectMs: 1000 });
  if (typeof bound === "string") throw new Failure("OSERR", bound);
  const at = (path: string, init: RequestInit): Promise<string> =>
    bound
      .fetch(`http://${imds}/latest/${path}`, { ...init, signal: host.signal })
      .then((it) => it.text());
  try {
    const ttl = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };
    const token = await at("api/token", { method: "PUT", headers: ttl });
    const headers = { "x-aws-ec2-metadata-token": token };
    const document = await at("dynamic/instance-identity/document", { headers });
    const { instanceId } = JSON.parse(document) as { instanceId: string };
    return { nic: name, failure: null, address: lease.address.address, instanceId };
  } catch (error) {
    return { ...failed(String(error)), address: lease.address.address };
  } finally {
    bound.close();
  }
}
