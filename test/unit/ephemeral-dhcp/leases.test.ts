import { expect, test } from "bun:test";
import { type LeaseHost, openLeaseSession } from "../../../src/ephemeral-dhcp/leases.ts";
import type { LinkAddress } from "../../../src/model/link.ts";
import {
  leaseJournalPath as journalPath,
  leaseMachine as machine,
  leaseNic as nic,
} from "../../kit/host/lease-machine.ts";

const options = { endpoints: ["169.254.169.254"], deadlineMs: 5000 };

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
  // answers pass rp_filter only with a route back
  expect(done.slice(-2)).toEqual([
    "ip -4 route add 169.254.169.254 dev eth1 src 10.0.1.20 table 900",
    "ip -4 rule add priority 400 from 10.0.1.20 to 169.254.169.254 lookup 900",
  ]);
  await leases.close();
  await leases.close();
  expect(done.filter((each) => each === removal).length).toBe(1);
  expect(done.filter((each) => each.startsWith("ip link"))).toEqual([]);
  expect([held.count, readJournal()]).toEqual([0, null]);
});

test("take writes each change to the journal, which only root can read, before it makes it", async () => {
  const seen: (readonly [string, string | null])[] = [];
  const { host, files, readJournal } = machine(
    (command) => void seen.push([command, readJournal()]),
  );
  const leases = openLeaseSession(host, options);
  await leases.take(nic, 4000);
  const at = (words: string) => seen.find(([command]) => command.includes(words))?.[1];
  expect(at("udhcpc -f")).toContain('"nic":"eth1"');
  expect(at("address add")).toContain('"address":"10.0.1.20"');
  expect(files.there.get(journalPath)?.mode).toBe(0o600);
  await leases.close();
});

test("take writes process id and start time of the client to the journal, and ends the client", async () => {
  const written: string[] = [];
  const { host, done, files } = machine();
  const write: typeof files.write = async (path, content, mode) => {
    written.push(String(content));
    return files.write(path, content, mode);
  };
  const leases = openLeaseSession({ ...host, files: { ...files, write } }, options);
  await leases.take(nic, 4000);
  await leases.close();
  expect(written.join("\n")).toContain('"client":{"pid":4711,"startTime":"22"}');
  expect(done).toContain("end 4711 22");
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

test("take sets a link up that is down, waits for its carrier, and close sets it down", async () => {
  const { host, done, files } = machine((command) => {
    const isUp = command.endsWith("eth1 up");
    if (isUp) void files.write("/sys/class/net/eth1/flags", "0x1003", 0o444);
  });
  await files.write("/sys/class/net/eth1/flags", "0x1002", 0o444);
  await files.write("/sys/class/net/eth1/carrier", "0", 0o444);
  const sleep: typeof host.clock.sleep = async (ms, signal) => {
    await host.clock.sleep(ms, signal);
    if (host.clock.now() >= 100) await files.write("/sys/class/net/eth1/carrier", "1", 0o444);
  };
  const leases = openLeaseSession({ ...host, clock: { ...host.clock, sleep } }, options);
  expect(await leases.take(nic, 4000)).toMatchObject({ kind: "leased" });
  await leases.close();
  const changes = done.filter((each) => /ip link|udhcpc/.test(each));
  expect(changes).toEqual([
    "ip link set dev eth1 up",
    "/sbin/udhcpc -f -q -n -t 3 -T 1 -s /bin/true -i eth1",
    "ip link set dev eth1 down",
  ]);
});

test("take adds no second address where another program has added one meanwhile", async () => {
  let isAsked = false;
  const { host, done } = machine((command) => {
    isAsked ||= command.includes("udhcpc -f");
    return isAsked && command.includes("address show") ? "3: eth1 inet 10.0.1.9/24" : undefined;
  });
  const leases = openLeaseSession(host, options);
  const reason = "another program has just given it an address";
  expect(await leases.take(nic, 4000)).toEqual({ kind: "none", reason });
  await leases.close();
  expect(done.filter((each) => each.includes("address add"))).toEqual([]);
});

test("take gives no lease on a machine without a DHCP client, and names the clients", async () => {
  const { host, done, files } = machine();
  files.there.delete("/sbin/udhcpc");
  const lease = await openLeaseSession(host, options).take(nic, 4000);
  const clients =
    "udhcpc: not found; dhclient: not found; dhcpcd: not found; networkd: not running";
  expect(lease).toEqual({ kind: "none", reason: `no DHCP client can be used (${clients})` });
  expect(done).toEqual([]);
});

test("take starts no client where less than a second is left", async () => {
  const { host, done } = machine();
  const leases = openLeaseSession(host, options);
  const reason = "too little time is left for a DHCP request";
  expect(await leases.take(nic, 900)).toEqual({ kind: "none", reason });
  expect(done.filter((each) => each.includes("udhcpc"))).toEqual([]);
  await leases.close();
});
