import { expect, test } from "bun:test";
import type { ExecOptions, ExecResult } from "../../../src/host/host.ts";
import { recoverLeases } from "../../../src/imds/connect/ephemeral-leases.ts";
import { type LeaseHost, openLeaseSession } from "../../../src/ephemeral-dhcp/leases.ts";
import type { LeaseJournalContent } from "../../../src/ephemeral-dhcp/journal.ts";
import type { LinkAddress } from "../../../src/model/link.ts";
import { fakeClock, fakeFiles, fakeLog } from "../../kit/host/fake-host.ts";

const mac = "06:a1:00:00:00:06";
const nic = { name: "eth1", mac, addresses: [] };
const options = { endpoints: ["169.254.169.254"], deadlineMs: 5000 };
const journalPath = "/run/ec2nic/dhcp/leases.json";

/** A machine with udhcpc and one NIC that is up; `on` is called before each command. */
function machine(on: (command: string, options?: ExecOptions) => void = () => undefined) {
  const files = fakeFiles({
    "/sbin/udhcpc": "",
    "/bin/true": "",
    "/sys/class/net/eth1/flags": "0x1003",
    "/sys/class/net/eth1/carrier": "1",
    "/sys/class/net/eth1/address": mac,
    "/proc/4711/stat": `4711 (a) b) S ${Array.from({ length: 30 }, (_, at) => at + 4).join(" ")}`,
  });
  const done: string[] = [];
  const exec = async (argv: readonly string[], options?: ExecOptions): Promise<ExecResult> => {
    const command = argv.join(" ");
    done.push(command);
    options?.onStart?.(4711);
    on(command, options);
    if (command.includes("udhcpc -f"))
      options?.onText?.("udhcpc: lease of 10.0.1.20 obtained from");
    return { code: 0, isStarted: true, stdout: "", stderr: "" };
  };
  const ending = new AbortController();
  const held = { count: 0 };
  const host: LeaseHost = {
    clock: fakeClock(),
    endProcess: async (pid, startTime) => void done.push(`end ${pid} ${startTime}`),
    env: { PATH: "/sbin:/bin" },
    exec,
    files,
    log: fakeLog(),
    signal: ending.signal,
    takeLock: async () => {
      if (held.count > 0) return null;
      held.count += 1;
      return () => void (held.count -= 1);
    },
    uid: 0,
  };
  const readJournal = (): string | null => {
    const file = files.there.get(journalPath);
    return file === undefined ? null : new TextDecoder().decode(file.content);
  };
  return { host, done, ending, held, readJournal, files };
}

const removal = "ip -4 address del 10.0.1.20/32 dev eth1";

test("take adds the address once, and close removes it", async () => {
  const { host, done, held, readJournal } = machine();
  const leases = openLeaseSession(host, options);
  const [first, second] = [leases.take(nic, 4000), leases.take(nic, 4000)];
  expect(second).toBe(first);
  expect(await first).toEqual({
    kind: "leased",
    address: { nic: "eth1", family: "ipv4", address: "10.0.1.20", prefixLength: 32, scopeId: 0 },
  });
  expect(done).toContain("/sbin/udhcpc -f -q -n -t 4 -T 1 -s /bin/true -i eth1");
  // the lifetime is the time until the deadline (5 s) and 30 s more
  const times = "valid_lft 35 preferred_lft 35";
  expect(done).toContain(`ip -4 address add 10.0.1.20/32 dev eth1 scope link ${times}`);
  expect(done).not.toContain(removal);
  await leases.close();
  await leases.close();
  expect(done.filter((each) => each === removal).length).toBe(1);
  expect(done.filter((each) => each.startsWith("ip link"))).toEqual([]);
  expect([held.count, readJournal()]).toEqual([0, null]);
});

test("take writes each change to the journal before it makes it", async () => {
  const seen: (readonly [string, string | null])[] = [];
  const { host, readJournal } = machine((command) => void seen.push([command, readJournal()]));
  const leases = openLeaseSession(host, options);
  await leases.take(nic, 4000);
  const at = (words: string) => seen.find(([command]) => command.includes(words))?.[1];
  expect(at("udhcpc -f")).toContain('"nic":"eth1"');
  expect(at("address add")).toContain('"address":"10.0.1.20"');
  await leases.close();
});

test("take writes the process id and the start time of the client to the journal", async () => {
  const written: string[] = [];
  const { host, files } = machine();
  const write: typeof files.write = async (path, content, mode) => {
    written.push(String(content));
    return files.write(path, content, mode);
  };
  const leases = openLeaseSession({ ...host, files: { ...files, write } }, options);
  await leases.take(nic, 4000);
  await leases.close();
  expect(written.some((each) => each.includes('"client":{"pid":4711,"startTime":"22"}'))).toBe(
    true,
  );
});

for (const [when, words] of [
  ["while the client runs", "udhcpc -f"],
  ["between the grant and the address", "address show"],
  ["while the address is added", "address add"],
] as const) {
  test(`a signal ${when} ends without a lease and without an address`, async () => {
    let isGranted = false;
    const { host, done, ending, readJournal, held } = machine((command) => {
      isGranted ||= command.includes("udhcpc -f");
      if (isGranted && command.includes(words)) ending.abort(new Error("ended by SIGTERM"));
    });
    const leases = openLeaseSession(host, options);
    expect(await leases.take(nic, 4000)).toEqual({ kind: "none", reason: "ended by SIGTERM" });
    await leases.close();
    const hasAdded = done.some((each) => each.includes("address add"));
    expect(done.includes(removal)).toBe(hasAdded);
    expect([held.count, readJournal()]).toEqual([0, null]);
  });
}

test("take gives no lease after close", async () => {
  const { host, done } = machine();
  const leases = openLeaseSession(host, options);
  await leases.close();
  expect(await leases.take(nic, 4000)).toEqual({ kind: "none", reason: "the run is ending" });
  expect(done).toEqual([]);
});

test("take gives no lease for a NIC with an IPv4 address or without a MAC, or to a user who is not root", async () => {
  const address: LinkAddress = {
    nic: "eth1",
    family: "ipv4",
    address: "10.0.1.9",
    prefixLength: 24,
    scopeId: 0,
  };
  const { host, done } = machine();
  const reasonOf = async (some: Partial<LeaseHost>, link: Parameters<typeof take>[1]) =>
    take(openLeaseSession({ ...host, ...some }, options), link);
  const take = async (
    leases: ReturnType<typeof openLeaseSession>,
    link: Partial<typeof nic> | object,
  ) => {
    const lease = await leases.take({ ...nic, ...link }, 4000);
    return lease.kind === "none" ? lease.reason : null;
  };
  expect(await reasonOf({}, { addresses: [address] })).toBe("it has an IPv4 address");
  expect(await reasonOf({}, { mac: null })).toBe("it has no MAC");
  expect(await reasonOf({ uid: 1000 }, {})).toBe("a lease can only be taken as root");
  expect(done).toEqual([]);
});

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
  const link = { nic: "eth1", mac, slot: 0, wasDown: false, endpoints: [] };
  const state = { address: null, client: null, usesNetworkd: false };
  const left = {
    files: [{ path: `${folder}/eth1.lease`, previous: null }],
    createdDirectories: [],
  };
  const journal: LeaseJournalContent = { leases: [{ ...link, ...state, ...left }] };
  await files.write(journalPath, JSON.stringify(journal), 0o600);
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

// Carrier may come late, and a DHCPOFFER may be lost: the run asks again.
test("take tries again for a NIC that got no lease", async () => {
  const { host, done, files, held, readJournal } = machine();
  const carrier = "/sys/class/net/eth1/carrier";
  const set = (value: string) => host.files.write(carrier, value, 0o444);
  const leases = openLeaseSession(host, options);
  await set("0");
  expect(await leases.take(nic, 4000)).toEqual({ kind: "none", reason: "it has no carrier" });
  expect(readJournal()).toBeNull();
  await set("1");
  expect(await leases.take(nic, 4000)).toMatchObject({ kind: "leased" });
  await leases.close();
  expect(done.filter((each) => each === removal).length).toBe(1);
  expect([held.count, readJournal(), files.there.has(journalPath)]).toEqual([0, null, false]);
});

test("take gives no lease while another run takes leases, and gives one afterwards", async () => {
  const { host, held } = machine();
  const leases = openLeaseSession(host, options);
  held.count = 1;
  expect(await leases.take(nic, 4000)).toEqual({
    kind: "none",
    reason: "another ec2nic process is taking leases",
  });
  held.count = 0;
  expect(await leases.take(nic, 4000)).toMatchObject({ kind: "leased" });
  await leases.close();
  expect(held.count).toBe(0);
});

test("take starts no client where less than a second is left", async () => {
  const { host, done } = machine();
  const leases = openLeaseSession(host, options);
  const reason = "too little time is left for a DHCP request";
  expect(await leases.take(nic, 900)).toEqual({ kind: "none", reason });
  expect(done.filter((each) => each.includes("udhcpc"))).toEqual([]);
  await leases.close();
});
