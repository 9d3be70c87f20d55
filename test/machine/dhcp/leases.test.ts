import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { machineLimitMs } from "../../kit/machine/machine-test.ts";
import type { LeaseResult } from "../../kit/machine/dhcp/lease-driver.ts";
import {
  clients,
  type DhcpMachine,
  nics,
  startDhcpMachine,
} from "../../kit/machine/dhcp/dhcp-machine.ts";
import { buildDriverBeforeAll, dhcpMissing } from "../../kit/machine/dhcp/prepare-file.ts";
import type { Suite } from "../../kit/machine/root-file-system.ts";
import { until } from "../../kit/basics/until.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(machineLimitMs);
const testDhcp = testUnless(dhcpMissing);
const driver = buildDriverBeforeAll();
const { up, down, unanswered } = nics;

/** Starts a machine with a DHCP client for the tests of a `describe`. */
function machineWith(
  client: Parameters<typeof startDhcpMachine>[0],
  suite: Suite = "bookworm",
): () => DhcpMachine {
  let dhcp: DhcpMachine;
  beforeAll(async () => {
    if (dhcpMissing === null) dhcp = await startDhcpMachine(client, suite, driver());
  });
  afterAll(async () => dhcp?.[Symbol.asyncDispose]());
  return () => dhcp;
}

describe.each(clients)("%s", (client) => {
  const dhcp = machineWith(client, "trixie");

  testDhcp("a run without a DHCP server ends within its time limit", async () => {
    const { code, leases, elapsedMs } = await dhcp().takeLeases([unanswered]);
    expect(leases[0]?.failure).toContain("no DHCP server granted an address");
    expect(code).toBe(69);
    // its limit is 12 s, which a busy machine needs; without a limit a client asks for a minute
    expect(elapsedMs).toBeWithin(7000, 50_000);
    expect(await dhcp().changes()).toEqual([]);
  });

  testDhcp("a run that a signal ends while it waits for a lease restores all NICs", async () => {
    for (const [signal, status] of [["INT", 130] as const, ["TERM", 143] as const]) {
      const { code, stderr } = await dhcp().takeLeases([unanswered, down], {
        signal,
        when: (messages) => messages.includes(`${down}: has the temporary address`),
      });
      expect(code, stderr).toBe(status);
      expect(await dhcp().changes()).toEqual([]);
    }
  });
});

describe("any DHCP client (udhcpc here)", () => {
  const dhcp = machineWith("udhcpc");
  const run = (...argv: readonly string[]): Promise<string> => dhcp().machine.run(argv);

  for (const filter of ["0", "1", "2"]) {
    testDhcp(`the DHCP answer arrives with rp_filter ${filter}`, async () => {
      const each = [up, down, "all"].map((name) => `/proc/sys/net/ipv4/conf/${name}/rp_filter`);
      const before = await run("cat", ...each);
      const set = (value: string) => `echo ${value} | tee ${each.join(" ")}`;
      await run("sh", "-c", `${set("0")}; ${set(filter)}`);
      const { leases, stderr } = await dhcp().takeLeases([up, down]);
      expect(
        leases.map(({ failure }) => failure),
        stderr,
      ).toEqual([null, null]);
      const values = before.trim().split("\n");
      for (const [at, path] of each.entries()) await run("sh", "-c", `echo ${values[at]} >${path}`);
      expect(await dhcp().changes()).toEqual([]);
    });
  }

  testDhcp("a lease works with the ip of busybox", async () => {
    await run("sh", "-c", "mkdir /opt/busybox && ln -s /bin/busybox /opt/busybox/ip");
    const path = "PATH=/opt/busybox:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const { code, stderr } = await dhcp().machine.exec(["env", path, "ec2nic", up, down]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("has the temporary address 10.0.2.10");
    expect(stderr).not.toContain("ignoring");
    expect(await dhcp().changes()).toEqual([]);
  });

  testDhcp("a second run at the same time takes no lease and reports why", async () => {
    let second: readonly LeaseResult[] = [];
    const takeSecond = async (): Promise<boolean> => {
      second = (await dhcp().takeLeases([down])).leases;
      return true;
    };
    await dhcp().takeLeases([unanswered], {
      signal: "TERM",
      when: (messages) => messages.includes(`${unanswered}: running `) && takeSecond(),
    });
    expect(second[0]?.failure).toBe("another ec2nic process is taking leases");
    expect(await dhcp().changes()).toEqual([]);
  });

  testDhcp("after SIGKILL and without a next run the kernel removes the address", async () => {
    await holdThenKill();
    const shown = await run("ip", "address", "show", "dev", down);
    const [, seconds] = /inet 10\.0\.2\.10\/32 .*\n +valid_lft (\d+)sec/.exec(shown) ?? [];
    // its time limit of 60 s, and 30 s more
    expect(Number(seconds)).toBeWithin(1, 91);
    expect((await dhcp().takeLeases([])).code).toBe(0);
    expect(await dhcp().changes()).toEqual([]);
  });

  testDhcp("after SIGKILL the next run leaves a link alone that another NIC has now", async () => {
    const mac = "06:ec:2a:00:00:02";
    await holdThenKill();
    await run("ip", "link", "set", down, "address", "06:ec:2a:00:00:99");
    const { code, stderr } = await dhcp().takeLeases([]);
    expect(code, stderr).toBe(0);
    const shown = await run("ip", "address", "show", "dev", down);
    expect(shown).toContain("10.0.2.10/32");
    expect(shown).toContain("state UP");
    expect(await run("ip", "rule")).not.toContain("10.0.2.10");
    await run("ip", "address", "flush", "dev", down);
    await run("ip", "link", "set", down, "address", mac, "down");
    expect(await dhcp().changes()).toEqual([]);
  });

  /** Kills a run that holds a lease of one NIC, while it still waits for a lease of another. */
  async function holdThenKill(): Promise<void> {
    const isLeased = (messages: string) =>
      messages.includes(`${down}: has the temporary address 10.0.2.10`);
    const killed = await dhcp().takeLeases([down, unanswered], { signal: "KILL", when: isLeased });
    expect(killed.code, killed.stderr).toBe(137);
  }
});

describe("dhcpcd", () => {
  const dhcp = machineWith("dhcpcd");

  testDhcp("an earlier lease file of dhcpcd is unchanged after the run", async () => {
    const path = `/var/lib/dhcpcd/${down}.lease`;
    await dhcp().machine.write(path, "from before", 0o640);
    const before = await dhcp().changes();
    const { leases, stderr } = await dhcp().takeLeases([down]);
    expect(leases[0]?.failure, stderr).toBeNull();
    expect(await dhcp().machine.read(path)).toBe("from before");
    expect(await dhcp().changes()).toEqual(before);
  });
});

describe("dhclient without setpriv, which would end it together with ec2nic", () => {
  const dhcp = machineWith("dhclient");
  const clients = async (): Promise<string> => {
    const { stdout } = await dhcp().machine.exec(["ps", "-C", "dhclient", "-o", "args="]);
    return stdout;
  };

  beforeAll(async () => {
    if (dhcpMissing === null) await dhcp().machine.remove("/usr/bin/setpriv");
  });

  /** Kills a run while its client runs. */
  const killWithClient = async (nics: readonly string[]): Promise<void> => {
    const isAsking = async () => (await clients()).includes(unanswered);
    const { code } = await dhcp().takeLeases(nics, { signal: "KILL", when: isAsking });
    expect(code).toBe(137);
  };

  testDhcp("after SIGKILL the next run ends the client", async () => {
    await killWithClient([unanswered]);
    expect(await clients()).toContain(unanswered);
    const { code, stderr } = await dhcp().takeLeases([]);
    expect(code, stderr).toBe(0);
    expect(await clients()).toBe("");
    expect(await dhcp().changes()).toEqual([]);
  });

  testDhcp("after SIGKILL and without a next run the client ends at its time limit", async () => {
    await killWithClient([down, unanswered]);
    expect(await clients()).toContain(unanswered);
    // 10 s; without a limit dhclient asks for a minute
    await until("the client has ended", async () => (await clients()) === "", 40_000);
    expect((await dhcp().takeLeases([])).code).toBe(0);
    expect(await dhcp().changes()).toEqual([]);
  });
});

describe("networkd", () => {
  const dhcp = machineWith("networkd");

  testDhcp("ec2nic takes no lease of a NIC that networkd manages", async () => {
    const path = "/etc/systemd/network/50-admin.network";
    const content = `[Match]\nName=${unanswered}\n\n[Network]\nDHCP=yes\n`;
    await dhcp().machine.write(path, content);
    await dhcp().machine.run(["networkctl", "reload"]);
    const { stdout: index } = await dhcp().machine.exec([
      "cat",
      `/sys/class/net/${unanswered}/ifindex`,
    ]);
    const state = `/run/systemd/netif/links/${index.trim()}`;
    const read = (): Promise<string> => dhcp().machine.read(state);
    await until("networkd manages the NIC", async () => (await read()).includes("=configuring"));
    const { leases, stderr } = await dhcp().takeLeases([unanswered]);
    expect(leases[0]?.failure).toBe("networkd says it is configuring");
    expect(stderr).not.toContain("networkctl reload");
  });
});
