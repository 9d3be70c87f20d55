import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { type DhcpLab, nics, startDhcpLab } from "../support/dhcp-lab/dhcp-lab.ts";
import { driverOfFile, labMissing } from "../support/dhcp-lab/lab-of-file.ts";
import { until } from "../support/machine/until.ts";
import { testUnless } from "../support/skip.ts";

setDefaultTimeout(120_000);
const testLab = testUnless(labMissing);
const driver = driverOfFile();
const { up, down, unanswered } = nics;

/** A lab for the tests of a `describe`. */
function labWith(client: Parameters<typeof startDhcpLab>[0]): () => DhcpLab {
  let lab: DhcpLab;
  beforeAll(async () => {
    if (labMissing === null) lab = await startDhcpLab(client, "bookworm", driver());
  });
  afterAll(async () => lab?.[Symbol.asyncDispose]());
  return () => lab;
}

describe("whatever the client", () => {
  const lab = labWith("udhcpc");
  const run = (...argv: readonly string[]): Promise<string> => lab().machine.run(argv);

  for (const filter of ["0", "1", "2"]) {
    testLab(`the answer comes in with rp_filter ${filter}`, async () => {
      const each = [up, down, "all"].map((name) => `/proc/sys/net/ipv4/conf/${name}/rp_filter`);
      const before = await run("cat", ...each);
      const set = (value: string) => `echo ${value} | tee ${each.join(" ")}`;
      await run("sh", "-c", `${set("0")}; ${set(filter)}`);
      const { driven, stderr } = await lab().drive([up, down]);
      expect(
        driven.map(({ trouble }) => trouble),
        stderr,
      ).toEqual([null, null]);
      const values = before.trim().split("\n");
      for (const [at, path] of each.entries()) await run("sh", "-c", `echo ${values[at]} >${path}`);
      expect(await lab().changes()).toEqual([]);
    });
  }

  testLab("busybox's ip does as well", async () => {
    await run("sh", "-c", "mkdir /opt/busybox && ln -s /bin/busybox /opt/busybox/ip");
    const path = "PATH=/opt/busybox:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const { code, stderr } = await lab().machine.exec(["env", path, "ec2nic", up, down]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("has 10.0.2.10 for now");
    expect(stderr).not.toContain("ignoring");
    expect(await lab().changes()).toEqual([]);
  });

  testLab("two runs at once: the second says so and goes without", async () => {
    const first = lab().drive([unanswered]);
    await until("the first one asks", () => run("ps", "-C", "udhcpc", "-o", "args="));
    const second = await lab().drive([down]);
    expect(second.driven[0]?.trouble).toBe("another run takes leases at this moment");
    await first;
    expect(await lab().changes()).toEqual([]);
  });

  testLab("without root: told, and nothing is tried", async () => {
    const around = ["setpriv", "--reuid=65534", "--clear-groups"];
    const { code, stdout, stderr } = await lab().machine.exec([...around, "ec2nic", down]);
    expect(stdout, stderr).toContain("a lease takes root");
    expect(code).toBe(69);
    expect(await lab().changes()).toEqual([]);
  });

  testLab("killed, and nobody comes: the kernel takes the address away by itself", async () => {
    await holdThenKill();
    const shown = await run("ip", "address", "show", "dev", down);
    const [, seconds] = /inet 10\.0\.2\.10\/32 .*\n +valid_lft (\d+)sec/.exec(shown) ?? [];
    expect(Number(seconds)).toBeWithin(25, 36);
    expect((await lab().drive([])).code).toBe(0);
    expect(await lab().changes()).toEqual([]);
  });

  testLab("killed, and the link is another NIC's by then: that is left alone", async () => {
    const mac = "06:ec:2a:00:00:02";
    await holdThenKill();
    await run("ip", "link", "set", down, "address", "06:ec:2a:00:00:99");
    const { code, stderr } = await lab().drive([]);
    expect(code, stderr).toBe(0);
    const shown = await run("ip", "address", "show", "dev", down);
    expect(shown).toContain("10.0.2.10/32");
    expect(shown).toContain("state UP");
    expect(await run("ip", "rule")).not.toContain("10.0.2.10");
    await run("ip", "address", "flush", "dev", down);
    await run("ip", "link", "set", down, "address", mac, "down");
    expect(await lab().changes()).toEqual([]);
  });

  /** A lease that is held while another NIC is still asked for one, and then nobody is there. */
  async function holdThenKill(): Promise<void> {
    const killed = await lab().drive([down, unanswered], { signal: "KILL", afterMs: 900 });
    expect(killed.stderr).toContain("has 10.0.2.10 for now");
  }
});

describe("dhcpcd", () => {
  const lab = labWith("dhcpcd");

  testLab("a lease of its own from before is there afterwards, as it was", async () => {
    const path = `/var/lib/dhcpcd/${down}.lease`;
    await lab().machine.write(path, "from before", 0o640);
    const before = await lab().changes();
    const { driven, stderr } = await lab().drive([down]);
    expect(driven[0]?.trouble, stderr).toBeNull();
    expect(await lab().machine.read(path)).toBe("from before");
    expect(await lab().changes()).toEqual(before);
  });
});

describe("dhclient where nothing ends it together with us", () => {
  const lab = labWith("dhclient");
  const clients = async (): Promise<string> => {
    const { stdout } = await lab().machine.exec(["ps", "-C", "dhclient", "-o", "args="]);
    return stdout;
  };

  beforeAll(async () => {
    if (labMissing === null) await lab().machine.remove("/usr/bin/setpriv");
  });

  /** Killed when its client runs: on a busy machine that takes longer. */
  const killWithClient = async (nics: readonly string[]): Promise<void> => {
    for (const afterMs of [600, 1200, 2400]) {
      await lab().drive(nics, { signal: "KILL", afterMs });
      if ((await clients()).includes(unanswered)) return;
    }
  };

  testLab("killed: the next run ends it", async () => {
    await killWithClient([unanswered]);
    expect(await clients()).toContain(unanswered);
    const { code, stderr } = await lab().drive([]);
    expect(code, stderr).toBe(0);
    expect(await clients()).toBe("");
    expect(await lab().changes()).toEqual([]);
  });

  testLab("killed, and nobody comes: it ends by itself with its time", async () => {
    await killWithClient([down, unanswered]);
    expect(await clients()).toContain(unanswered);
    await until("it has ended", async () => (await clients()) === "", 6000);
    expect((await lab().drive([])).code).toBe(0);
    expect(await lab().changes()).toEqual([]);
  });
});

describe("networkd", () => {
  const lab = labWith("networkd");

  testLab("a NIC that it manages is left to it", async () => {
    const path = "/etc/systemd/network/50-admin.network";
    const content = `[Match]\nName=${unanswered}\n\n[Network]\nDHCP=yes\n`;
    await lab().machine.write(path, content);
    await lab().machine.run(["networkctl", "reload"]);
    const { stdout: index } = await lab().machine.exec([
      "cat",
      `/sys/class/net/${unanswered}/ifindex`,
    ]);
    const state = `/run/systemd/netif/links/${index.trim()}`;
    const read = (): Promise<string> => lab().machine.read(state);
    await until("it is managed", async () => (await read()).includes("=configuring"));
    const { driven, stderr } = await lab().drive([unanswered]);
    expect(driven[0]?.trouble).toBe("networkd says it is configuring");
    expect(stderr).not.toContain("networkctl reload");
  });
});

describe("no client", () => {
  const lab = labWith("none");

  testLab("it is told what was looked for, and nothing is touched", async () => {
    const { driven, code } = await lab().drive([down]);
    const [{ trouble } = { trouble: "" }] = driven;
    expect(trouble).toContain("there is no DHCP client to ask with: udhcpc: not found; dhclient");
    expect(code).toBe(69);
    expect(await lab().changes()).toEqual([]);
  });
});
