import { expect, test } from "bun:test";
import type { ExecOptions, ExecResult } from "../../../src/host/host.ts";
import { recoverAbandonedLeases } from "../../../src/ephemeral-dhcp/recover.ts";
import { type LeaseHost, openLeaseSession } from "../../../src/ephemeral-dhcp/leases.ts";
import type { LeaseJournalContent } from "../../../src/ephemeral-dhcp/journal.ts";
import type { LinkAddress } from "../../../src/model/link.ts";
import { fakeClock, fakeFiles, fakeLog } from "../../kit/host/fake-host.ts";

const mac = "06:a1:00:00:00:06";
const nic = { name: "eth1", mac, addresses: [] };
const wish = { endpoints: ["169.254.169.254"], deadlineMs: 5000 };
const notesPath = "/run/ec2nic/dhcp/leases.json";

/** A machine with udhcpc and one NIC that is up; `on` sees each command before it is done. */
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
  const notes = (): string | null => {
    const file = files.there.get(notesPath);
    return file === undefined ? null : new TextDecoder().decode(file.content);
  };
  return { host, done, ending, held, notes, files };
}

const removal = "ip -4 address del 10.0.1.20/32 dev eth1";

test("a lease is put on, and taken off at the close; asked twice, it is the same", async () => {
  const { host, done, held, notes } = machine();
  const leases = openLeaseSession(host, wish);
  const [first, second] = [leases.take(nic, 4000), leases.take(nic, 4000)];
  expect(second).toBe(first);
  expect(await first).toEqual({
    kind: "leased",
    address: { nic: "eth1", family: "ipv4", address: "10.0.1.20", prefixLength: 32, scopeId: 0 },
  });
  expect(done).toContain("/sbin/udhcpc -f -q -n -t 4 -T 1 -s /bin/true -i eth1");
  // 5 s until the run's deadline, and half a minute
  const times = "valid_lft 35 preferred_lft 35";
  expect(done).toContain(`ip -4 address add 10.0.1.20/32 dev eth1 scope link ${times}`);
  expect(done).not.toContain(removal);
  await leases.close();
  await leases.close();
  expect(done.filter((each) => each === removal).length).toBe(1);
  expect(done.filter((each) => each.startsWith("ip link"))).toEqual([]);
  expect([held.count, notes()]).toEqual([0, null]);
});

test("what is changed is written down before", async () => {
  const seen: (readonly [string, string | null])[] = [];
  const { host, notes } = machine((command) => void seen.push([command, notes()]));
  const leases = openLeaseSession(host, wish);
  await leases.take(nic, 4000);
  const at = (words: string) => seen.find(([command]) => command.includes(words))?.[1];
  expect(at("udhcpc -f")).toContain('"nic":"eth1"');
  expect(at("address add")).toContain('"address":"10.0.1.20"');
  await leases.close();
});

test("a client that runs is written down with its start time, whatever its name", async () => {
  const written: string[] = [];
  const { host, files } = machine();
  const write: typeof files.write = async (path, content, mode) => {
    written.push(String(content));
    return files.write(path, content, mode);
  };
  const leases = openLeaseSession({ ...host, files: { ...files, write } }, wish);
  await leases.take(nic, 4000);
  await leases.close();
  expect(written.some((each) => each.includes('"client":{"pid":4711,"startTime":"22"}'))).toBe(
    true,
  );
});

for (const [when, words] of [
  ["while the client asks", "udhcpc -f"],
  ["between the grant and the address", "address show"],
  ["while the address is put on", "address add"],
] as const) {
  test(`a signal ${when}: no lease, and nothing stays`, async () => {
    let isGranted = false;
    const { host, done, ending, notes, held } = machine((command) => {
      isGranted ||= command.includes("udhcpc -f");
      if (isGranted && command.includes(words)) ending.abort(new Error("ended by SIGTERM"));
    });
    const leases = openLeaseSession(host, wish);
    expect(await leases.take(nic, 4000)).toEqual({ kind: "none", reason: "ended by SIGTERM" });
    await leases.close();
    const hasAdded = done.some((each) => each.includes("address add"));
    expect(done.includes(removal)).toBe(hasAdded);
    expect([held.count, notes()]).toEqual([0, null]);
  });
}

test("after the close nothing is taken any more", async () => {
  const { host, done } = machine();
  const leases = openLeaseSession(host, wish);
  await leases.close();
  expect(await leases.take(nic, 4000)).toEqual({ kind: "none", reason: "the run is ending" });
  expect(done).toEqual([]);
});

test("what has an address, has no MAC, or is not root's to change is left alone", async () => {
  const address: LinkAddress = {
    nic: "eth1",
    family: "ipv4",
    address: "10.0.1.9",
    prefixLength: 24,
    scopeId: 0,
  };
  const { host, done } = machine();
  const reasonOf = async (some: Partial<LeaseHost>, link: Parameters<typeof take>[1]) =>
    take(openLeaseSession({ ...host, ...some }, wish), link);
  const take = async (
    leases: ReturnType<typeof openLeaseSession>,
    link: Partial<typeof nic> | object,
  ) => {
    const lease = await leases.take({ ...nic, ...link }, 4000);
    return lease.kind === "none" ? lease.reason : null;
  };
  expect(await reasonOf({}, { addresses: [address] })).toBe("it has an IPv4 address");
  expect(await reasonOf({}, { mac: null })).toBe("it has no MAC");
  expect(await reasonOf({ uid: 1000 }, {})).toBe("a lease takes root");
  expect(done).toEqual([]);
});

test("nothing abandoned: one look, no lock, no command", async () => {
  const { host, done, held } = machine();
  const takeLock = async () => Promise.reject(new Error("asked for the lock"));
  await recoverAbandonedLeases({ ...host, takeLock });
  expect([done, held.count]).toEqual([[], 0]);
});

test("notes that nobody can read are thrown away, and so is half a file", async () => {
  const { host, files, notes } = machine();
  const half = "/run/ec2nic/dhcp/.ec2nic-0123456789ab.tmp";
  await files.write(notesPath, '{"taken":[{"nic":', 0o600);
  await files.write(half, "{", 0o600);
  const list = async () => ["leases.json", ".ec2nic-0123456789ab.tmp", "lock"];
  await recoverAbandonedLeases({ ...host, files: { ...files, list } });
  expect([notes(), files.there.has(half)]).toEqual([null, false]);
});

test("what a killed run had begun to write beside a client's files goes, and nothing else", async () => {
  const { host, files } = machine();
  const folder = "/var/lib/dhcpcd";
  const half = ".ec2nic-0123456789ab.tmp";
  for (const name of [half, "eth9.lease"]) await files.write(`${folder}/${name}`, "", 0o600);
  const link = { nic: "eth1", mac, slot: 0, wasDown: false, endpoints: [] };
  const state = { address: null, client: null, isNetworkd: false };
  const left = { files: [{ path: `${folder}/eth1.lease`, previous: null }], folders: [] };
  const notes: LeaseJournalContent = { taken: [{ ...link, ...state, ...left }] };
  await files.write(notesPath, JSON.stringify(notes), 0o600);
  const names: Readonly<Record<string, readonly string[]>> = {
    [folder]: [half, "eth9.lease"],
    "/run/ec2nic/dhcp": ["leases.json", "lock"],
  };
  const list = async (path: string) => names[path] ?? [];
  await recoverAbandonedLeases({ ...host, files: { ...files, list } });
  expect(files.there.has(`${folder}/${half}`)).toBe(false);
  expect(files.there.has(`${folder}/eth9.lease`)).toBe(true);
  expect(files.there.has(notesPath)).toBe(false);
});

// a cable that is plugged late, a DHCPOFFER that was lost: the run asks again
test("a NIC that got none is given back, and asked again when it is wanted again", async () => {
  const { host, done, files, held, notes } = machine();
  const carrier = "/sys/class/net/eth1/carrier";
  const set = (value: string) => host.files.write(carrier, value, 0o444);
  const leases = openLeaseSession(host, wish);
  await set("0");
  expect(await leases.take(nic, 4000)).toEqual({ kind: "none", reason: "it has no carrier" });
  expect(notes()).toBeNull();
  await set("1");
  expect(await leases.take(nic, 4000)).toMatchObject({ kind: "leased" });
  await leases.close();
  expect(done.filter((each) => each === removal).length).toBe(1);
  expect([held.count, notes(), files.there.has(notesPath)]).toEqual([0, null, false]);
});

test("another run that takes leases is done some time: then this one takes its own", async () => {
  const { host, held } = machine();
  const leases = openLeaseSession(host, wish);
  held.count = 1;
  expect(await leases.take(nic, 4000)).toEqual({
    kind: "none",
    reason: "another run takes leases at this moment",
  });
  held.count = 0;
  expect(await leases.take(nic, 4000)).toMatchObject({ kind: "leased" });
  await leases.close();
  expect(held.count).toBe(0);
});

test("too little time to ask in is said, and nobody is asked", async () => {
  const { host, done } = machine();
  const leases = openLeaseSession(host, wish);
  const reason = "too little time is left to ask in";
  expect(await leases.take(nic, 900)).toEqual({ kind: "none", reason });
  expect(done.filter((each) => each.includes("udhcpc"))).toEqual([]);
  await leases.close();
});
