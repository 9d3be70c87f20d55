import { describe, expect, test } from "bun:test";
import type { ExecResult } from "../../../src/host/host.ts";
import { undoLease } from "../../../src/ephemeral-dhcp/undo.ts";
import type { LeaseRecord } from "../../../src/ephemeral-dhcp/journal.ts";
import { fakeClock, fakeFiles, fakeLog } from "../../kit/host/fake-host.ts";

const mac = "06:a1:00:00:00:06";
const note: LeaseRecord = {
  nic: "eth1",
  mac,
  slot: 3,
  wasDown: true,
  endpoints: ["169.254.169.254"],
  address: "10.0.1.20",
  isNetworkd: false,
  client: { pid: 4711, startTime: "99" },
  files: [
    { path: "/var/lib/dhcpcd/eth1.lease", previous: { base64: btoa("old"), mode: 0o640 } },
    { path: "/var/db/dhcpcd/eth1.lease", previous: null },
    {
      path: "/proc/sys/net/ipv4/conf/eth1/promote_secondaries",
      previous: { base64: btoa("0\n"), mode: 0o644 },
    },
  ],
  folders: ["/run/dhcpcd"],
};

const undone = [
  "end 4711 99",
  "ip -4 rule del priority 403 from 10.0.1.20 to 169.254.169.254 lookup 903",
  "ip -4 route del 169.254.169.254 dev eth1 src 10.0.1.20 table 903",
  "ip -4 address del 10.0.1.20/32 dev eth1",
  "ip -4 -o address show dev eth1",
  "ip link set dev eth1 down",
  "rmdir /run/dhcpcd",
];

type Answers = (command: string) => Partial<ExecResult>;

function fakeMachine(answers: Answers = () => ({}), address = mac) {
  const files = fakeFiles({
    "/sys/class/net/eth1/address": `${address}\n`,
    "/var/lib/dhcpcd/eth1.lease": "new",
    "/var/db/dhcpcd/eth1.lease": "new",
    "/proc/sys/net/ipv4/conf/eth1/promote_secondaries": "1\n",
  });
  const done: string[] = [];
  const log = fakeLog();
  const exec = async (argv: readonly string[]): Promise<ExecResult> => {
    const command = argv.join(" ");
    done.push(command);
    return { code: 0, isStarted: true, stdout: "", stderr: "", ...answers(command) };
  };
  const endProcess = async (pid: number, start: string) => void done.push(`end ${pid} ${start}`);
  const text = (path: string): string | null => {
    const file = files.there.get(path);
    return file === undefined ? null : new TextDecoder().decode(file.content);
  };
  return { done, log, text, host: { clock: fakeClock(), files, log, exec, endProcess } };
}

test("everything is given back, in an order in which nothing is in the way", async () => {
  const { host, done, text, log } = fakeMachine();
  expect(await undoLease(host, note)).toBe(true);
  expect(done).toEqual(undone);
  expect(text("/var/lib/dhcpcd/eth1.lease")).toBe("old");
  expect(text("/var/db/dhcpcd/eth1.lease")).toBeNull();
  expect(text("/proc/sys/net/ipv4/conf/eth1/promote_secondaries")).toBe("0\n");
  expect(log.lines).toEqual([]);
});

describe("what is not there is no trouble", () => {
  const words = [
    "RTNETLINK answers: No such file or directory",
    "RTNETLINK answers: No such process",
    "Error: FIB table does not exist.",
    'Cannot find device "eth1"',
    "Error: ipv4: Address not found.",
    "ip: RTNETLINK answers: Cannot assign requested address",
    "ip: can't find device 'eth1'",
    "ip: SIOCGIFFLAGS: No such device",
  ];
  for (const stderr of words) {
    test(stderr, async () => {
      const { host, done, log } = fakeMachine(() => ({ code: 2, stderr }));
      expect(await undoLease(host, note)).toBe(true);
      expect(done).toEqual(undone);
      expect(log.lines).toEqual([]);
    });
  }
});

test("what cannot be undone is told with its command, and keeps nothing else from it", async () => {
  const stderr = "RTNETLINK answers: Operation not permitted";
  const { host, done, log } = fakeMachine((command) =>
    command.includes("rule del") ? { code: 2, stderr } : {},
  );
  expect(await undoLease(host, note)).toBe(false);
  expect(done).toEqual(undone);
  expect(log.lines).toEqual([
    `warn: eth1: of its temporary lease something is left: ${undone[1]} ended with 2: ${stderr}`,
  ]);
});

test("a command that cannot be started keeps nothing else from being undone", async () => {
  const { host, done, log } = fakeMachine();
  const exec = async (argv: readonly string[]): Promise<ExecResult> => {
    done.push(argv.join(" "));
    throw new Error("no more processes");
  };
  expect(await undoLease({ ...host, exec }, note)).toBe(false);
  expect(done).toEqual(undone);
  expect(log.lines.length).toBe(4);
});

test("a link of another MAC is another NIC: its addresses, state and settings stay", async () => {
  const { host, done, text } = fakeMachine(() => ({}), "06:a1:00:00:00:07");
  expect(await undoLease(host, note)).toBe(true);
  expect(done).toEqual(undone.filter((each) => !/address|link/.test(each)));
  expect(text("/proc/sys/net/ipv4/conf/eth1/promote_secondaries")).toBe("1\n");
});

test("a link that was down stays up where somebody has given it an address since", async () => {
  const { host, done } = fakeMachine((command) =>
    command.includes("show") ? { stdout: "3: eth1    inet 10.0.1.30/24 scope global eth1" } : {},
  );
  expect(await undoLease(host, note)).toBe(true);
  expect(done).not.toContain("ip link set dev eth1 down");
});

test("of a lease that was not granted yet there is no address to be taken off", async () => {
  const { host, done } = fakeMachine();
  expect(await undoLease(host, { ...note, address: null, client: null })).toBe(true);
  expect(done).toEqual(undone.slice(4));
});
