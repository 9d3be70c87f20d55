import { describe, expect, test } from "bun:test";
import type { ExecResult } from "../../../src/host/host.ts";
import { recordPreviousFiles } from "../../../src/ephemeral-dhcp/client-files.ts";
import { undoLease } from "../../../src/ephemeral-dhcp/undo.ts";
import type { LeaseRecord } from "../../../src/ephemeral-dhcp/journal.ts";
import { fakeClock, fakeFiles, fakeLog } from "../../kit/host/fake-host.ts";

const mac = "06:a1:00:00:00:06";
const record: LeaseRecord = {
  nic: "eth1",
  mac,
  slot: 3,
  wasDown: true,
  endpoints: ["169.254.169.254"],
  address: "10.0.1.20",
  usesNetworkd: false,
  client: { pid: 4711, startTime: "99" },
  files: [
    { path: "/var/lib/dhcpcd/eth1.lease", previous: { base64: btoa("old"), mode: 0o640 } },
    { path: "/var/db/dhcpcd/eth1.lease", previous: null },
    {
      path: "/proc/sys/net/ipv4/conf/eth1/promote_secondaries",
      previous: { base64: btoa("0\n"), mode: 0o644 },
    },
  ],
  createdDirectories: ["/run/dhcpcd"],
};

const undoCommands = [
  "end 4711 99",
  "ip -4 rule del priority 403 from 10.0.1.20 to 169.254.169.254 lookup 903",
  "ip -4 route del 169.254.169.254 dev eth1 src 10.0.1.20 table 903",
  "ip -4 address del 10.0.1.20/32 dev eth1",
  "ip -4 -o address show dev eth1",
  "ip link set dev eth1 down",
  "rmdir /run/dhcpcd",
];

type Answers = (command: string) => Partial<ExecResult>;

function leaseHost(answers: Answers = () => ({}), address = mac) {
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
  const mode = (path: string) => files.there.get(path)?.mode;
  return { done, log, text, mode, host: { clock: fakeClock(), files, log, exec, endProcess } };
}

test("undoLease restores every change, in the order in which that is possible", async () => {
  const { host, done, text, mode, log } = leaseHost();
  expect(await undoLease(host, record)).toBe(true);
  expect(done).toEqual(undoCommands);
  expect(text("/var/lib/dhcpcd/eth1.lease")).toBe("old");
  expect(mode("/var/lib/dhcpcd/eth1.lease")).toBe(0o640);
  expect(text("/var/db/dhcpcd/eth1.lease")).toBeNull();
  expect(text("/proc/sys/net/ipv4/conf/eth1/promote_secondaries")).toBe("0\n");
  expect(log.lines).toEqual([]);
});

describe("undoLease ignores that something is already gone", () => {
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
      const { host, done, log } = leaseHost(() => ({ code: 2, stderr }));
      expect(await undoLease(host, record)).toBe(true);
      expect(done).toEqual(undoCommands);
      expect(log.lines).toEqual([]);
    });
  }
});

test("undoLease warns of a command that fails, and runs all others", async () => {
  const stderr = "RTNETLINK answers: Operation not permitted";
  const { host, done, log } = leaseHost((command) =>
    command.includes("rule del") ? { code: 2, stderr } : {},
  );
  expect(await undoLease(host, record)).toBe(false);
  expect(done).toEqual(undoCommands);
  expect(log.lines).toEqual([
    `warn: eth1: the temporary lease was not fully undone: ${undoCommands[1]} ended with 2: ${stderr}`,
  ]);
});

test("undoLease runs all other commands where one cannot be started", async () => {
  const { host, done, log } = leaseHost();
  const exec = async (argv: readonly string[]): Promise<ExecResult> => {
    done.push(argv.join(" "));
    throw new Error("no more processes");
  };
  expect(await undoLease({ ...host, exec }, record)).toBe(false);
  expect(done).toEqual(undoCommands);
  expect(log.lines.length).toBe(4);
});

test("undoLease changes no address, state and setting of a link with another MAC", async () => {
  const { host, done, text } = leaseHost(() => ({}), "06:a1:00:00:00:07");
  expect(await undoLease(host, record)).toBe(true);
  expect(done).toEqual(undoCommands.filter((each) => !/address|link/.test(each)));
  expect(text("/var/lib/dhcpcd/eth1.lease")).toBe("old");
  expect(text("/proc/sys/net/ipv4/conf/eth1/promote_secondaries")).toBe("1\n");
});

test("undoLease keeps a link up that has got an address since", async () => {
  const { host, done } = leaseHost((command) =>
    command.includes("show") ? { stdout: "3: eth1    inet 10.0.1.30/24 scope global eth1" } : {},
  );
  expect(await undoLease(host, record)).toBe(true);
  expect(done).not.toContain("ip link set dev eth1 down");
});

test("undoLease removes no address where the lease was not granted", async () => {
  const { host, done } = leaseHost();
  expect(await undoLease(host, { ...record, address: null, client: null })).toBe(true);
  expect(done).toEqual(undoCommands.slice(4));
});

test("recordPreviousFiles reads contents and modes, and lists the directories that do not exist", async () => {
  const { host } = leaseHost();
  const lease = "/var/lib/dhcpcd/eth1.lease";
  await host.files.write(lease, "old", 0o640);
  const listWrites = () => ({
    files: [lease, "/var/lib/dhcpcd5/eth1.lease"],
    directories: ["/run/dhcpcd", lease],
  });
  expect(await recordPreviousFiles(host, { listWrites }, record)).toEqual({
    files: [
      { path: lease, previous: { base64: btoa("old"), mode: 0o640 } },
      { path: "/var/lib/dhcpcd5/eth1.lease", previous: null },
    ],
    createdDirectories: ["/run/dhcpcd"],
  });
});
