import { describe, expect, test } from "bun:test";
import { chooseClient, type ClientFacts } from "../../../src/ephemeral-dhcp/choose-client.ts";
import { buildClientArgv } from "../../../src/ephemeral-dhcp/clients.ts";

const noClient: ClientFacts = {
  udhcpc: null,
  dhclient: null,
  dhcpcd: null,
  isDhcpcdInCharge: false,
  isNetworkdActive: false,
  timeout: "/usr/bin/timeout",
  noopScript: "/usr/bin/true",
  setpriv: "/usr/bin/setpriv",
};
const udhcpc = { udhcpc: ["/sbin/udhcpc"] };
const dhclient = { dhclient: "/sbin/dhclient" };
const dhcpcd = { dhcpcd: { path: "/usr/sbin/dhcpcd", version: "9.4.1" } };

describe("chooseClient takes the client that leaves the fewest changes", () => {
  const cases: readonly (readonly [
    string,
    Partial<ClientFacts>,
    string | null,
    readonly string[],
  ])[] = [
    [
      "udhcpc, where all are installed",
      { ...udhcpc, ...dhclient, ...dhcpcd },
      "udhcpc",
      ["udhcpc: asks as /sbin/udhcpc"],
    ],
    [
      "dhclient, where dhclient and dhcpcd are installed",
      { ...dhclient, ...dhcpcd },
      "dhclient",
      ["udhcpc: not found", "dhclient: asks as /sbin/dhclient"],
    ],
    [
      "busybox, where it has udhcpc",
      { udhcpc: ["/bin/busybox", "udhcpc"] },
      "udhcpc",
      ["udhcpc: asks as /bin/busybox udhcpc"],
    ],
    [
      "dhcpcd, where no other client is installed",
      dhcpcd,
      "dhcpcd",
      ["udhcpc: not found", "dhclient: not found", "dhcpcd: asks as /usr/sbin/dhcpcd"],
    ],
    [
      "not dhclient, where timeout(1) is missing",
      { ...dhclient, timeout: null },
      null,
      [
        "udhcpc: not found",
        "dhclient: nothing would end it: timeout is not found",
        "dhcpcd: not found",
        "networkd: not running",
      ],
    ],
    [
      "not a dhcpcd that already serves all NICs",
      { ...dhcpcd, isDhcpcdInCharge: true },
      null,
      [
        "udhcpc: not found",
        "dhclient: not found",
        "dhcpcd: runs, and serves every NIC itself",
        "networkd: not running",
      ],
    ],
    [
      "not a dhcpcd before 9.4, which would configure the address",
      { dhcpcd: { path: "/sbin/dhcpcd", version: "8.1.2" } },
      null,
      [
        "udhcpc: not found",
        "dhclient: not found",
        "dhcpcd: 8.1.2 is older than 9.4",
        "networkd: not running",
      ],
    ],
    [
      "dhcpcd 10, since versions are compared as numbers",
      { dhcpcd: { path: "/sbin/dhcpcd", version: "10.1.0" } },
      "dhcpcd",
      ["udhcpc: not found", "dhclient: not found", "dhcpcd: asks as /sbin/dhcpcd"],
    ],
    [
      "no client, where no no-op script exists",
      { ...udhcpc, noopScript: null },
      null,
      ["true: not found, no client is harmless", "networkd: not running"],
    ],
  ];
  for (const [name, facts, client, trace] of cases) {
    test(name, () => {
      const chosen = chooseClient({ ...noClient, ...facts });
      expect(chosen.client?.name ?? null).toBe(client as never);
      expect(chosen.trace).toEqual(trace);
    });
  }
});

describe("buildClientArgv returns", () => {
  const argvOf = (facts: Partial<ClientFacts>): string => {
    const { client } = chooseClient({ ...noClient, ...facts });
    return client === null || client.name === "networkd"
      ? ""
      : buildClientArgv(client, "eth1", 9).join(" ");
  };
  const cases: readonly (readonly [Partial<ClientFacts>, string])[] = [
    [
      udhcpc,
      "/usr/bin/setpriv --pdeathsig TERM -- /sbin/udhcpc -f -q -n -t 9 -T 1 -s /usr/bin/true -i eth1",
    ],
    [{ ...udhcpc, setpriv: null }, "/sbin/udhcpc -f -q -n -t 9 -T 1 -s /usr/bin/true -i eth1"],
    [
      { ...dhclient, setpriv: null },
      "/usr/bin/timeout -s TERM 9 /sbin/dhclient -4 -1 -d -v -cf /run/ec2nic/none/conf" +
        " -lf /run/ec2nic/none/leases --no-pid -sf /usr/bin/true eth1",
    ],
    [
      { ...dhcpcd, setpriv: null },
      "/usr/bin/timeout -s TERM 9 /usr/sbin/dhcpcd -4 --oneshot --nobackground --timeout 9" +
        " --nodelay --noarp --noipv4ll --noconfigure --config /run/ec2nic/none/conf" +
        " --script /usr/bin/true eth1",
    ],
  ];
  for (const [facts, argv] of cases) test(argv, () => expect(argvOf(facts)).toBe(argv));
});
