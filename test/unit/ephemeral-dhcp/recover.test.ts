import { expect, test } from "bun:test";
import { recoverLeases } from "../../../src/imds/connect/ephemeral-leases.ts";
import { openLeaseSession } from "../../../src/ephemeral-dhcp/leases.ts";
import type { LeaseJournalContent, LeaseRecord } from "../../../src/ephemeral-dhcp/journal.ts";
import {
  leaseJournalPath as journalPath,
  leaseMachine as machine,
  leaseNic as nic,
} from "../../kit/host/lease-machine.ts";

/** The journal of a killed run that had one lease. */
function journalOf(changes: Partial<LeaseRecord>): string {
  const link = { nic: nic.name, mac: nic.mac, slot: 0, wasDown: false, endpoints: [] };
  const state = { address: null, client: null, usesNetworkd: false };
  const record = { ...link, ...state, files: [], createdDirectories: [], ...changes };
  const journal: LeaseJournalContent = { leases: [record] };
  return JSON.stringify(journal);
}

test("recoverLeases takes no lock and runs no command without a journal", async () => {
  const { host, done, held } = machine();
  const takeLock = async () => Promise.reject(new Error("asked for the lock"));
  await recoverLeases({ ...host, takeLock });
  expect([done, held.count]).toEqual([[], 0]);
});

test("recoverLeases removes an invalid journal and a temporary file", async () => {
  const { host, files, readJournal } = machine();
  const temporary = "/run/ec2nic/dhcp/.ec2nic-0123456789ab.tmp";
  await files.write(journalPath, '{"leases":[{"nic":', 0o600);
  await files.write(temporary, "{", 0o600);
  const list = async () => ["leases.json", ".ec2nic-0123456789ab.tmp", "lock"];
  await recoverLeases({ ...host, files: { ...files, list } });
  expect([readJournal(), files.there.has(temporary)]).toEqual([null, false]);
});

test("recoverLeases removes a temporary file beside the files of a client, and no other file", async () => {
  const { host, files } = machine();
  const folder = "/var/lib/dhcpcd";
  const temporary = ".ec2nic-0123456789ab.tmp";
  for (const name of [temporary, "eth9.lease"]) await files.write(`${folder}/${name}`, "", 0o600);
  await files.write(
    journalPath,
    journalOf({ files: [{ path: `${folder}/eth1.lease`, previous: null }] }),
    0o600,
  );
  const names: Readonly<Record<string, readonly string[]>> = {
    [folder]: [temporary, "eth9.lease"],
    "/run/ec2nic/dhcp": ["leases.json", "lock"],
  };
  const list = async (path: string) => names[path] ?? [];
  await recoverLeases({ ...host, files: { ...files, list } });
  expect(files.there.has(`${folder}/${temporary}`)).toBe(false);
  expect(files.there.has(`${folder}/eth9.lease`)).toBe(true);
  expect(files.there.has(journalPath)).toBe(false);
});

test("take does not use the table of an earlier lease that could not be undone", async () => {
  const { host, done, files } = machine((command) => (command.includes("rule del") ? 1 : 0));
  const earlier = { address: "10.0.1.9", endpoints: ["169.254.169.254"] };
  await files.write(journalPath, journalOf(earlier), 0o600);
  const options = { endpoints: ["169.254.169.254"], deadlineMs: 5000 };
  const leases = openLeaseSession(host, options);
  expect(await leases.take(nic, 60_000)).toMatchObject({ kind: "leased" });
  expect(done.at(-1)).toContain("lookup 901");
  // a DHCP exchange has 10 s
  expect(done.join("\n")).toContain("udhcpc -f -q -n -t 10 ");
  await leases.close();
});
