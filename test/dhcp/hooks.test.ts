import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { configure } from "../../src/plan/configure.ts";
import { renderNetworkd } from "../../src/render/networkd.ts";
import {
  type ClientCommands,
  type HookedLab,
  type Kind,
  kindOf,
  startHookedLab,
} from "../support/dhcp-lab/hooked-lab.ts";
import { labMissing, rootsOfFile } from "../support/dhcp-lab/lab-of-file.ts";
import { type Suite, suites } from "../support/machine/root-file-system.ts";
import { eniAt } from "../support/nics.ts";
import { testUnless } from "../support/skip.ts";

setDefaultTimeout(60_000);
const testLab = testUnless(labMissing);
rootsOfFile();

const network = "[Match]\nName=ens6\n[Network]\nDHCP=ipv4\n";
/** NetworkManager would take all that it finds at once; the primary is set up by hand here. */
const unmanaged = "[main]\nno-auto-default=*\n[keyfile]\nunmanaged-devices=interface-name:ens5\n";
const none = { enable: [], files: {} };
const pidFile = "/run/client.pid";

const clients: Readonly<Record<string, ClientCommands>> = {
  dhclient: {
    ...none,
    lease: ["dhclient", "-1", "-pf", pidFile, "ens6"],
    // with the lease in its file it asks for the same once more
    renew: ["sh", "-c", `kill $(cat ${pidFile}); dhclient -1 -pf ${pidFile} ens6`],
    release: ["dhclient", "-r", "-pf", pidFile, "ens6"],
  },
  dhcpcd: {
    ...none,
    lease: ["dhcpcd", "-4", "-w", "ens6"],
    renew: ["dhcpcd", "-4", "-N", "ens6"],
    release: ["dhcpcd", "-4", "-k", "ens6"],
  },
  udhcpc: {
    ...none,
    lease: ["udhcpc", "-i", "ens6", "-s", "/etc/udhcpc/ec2nic.script", "-p", pidFile, "-O", "mtu"],
    renew: ["sh", "-c", `kill -USR1 $(cat ${pidFile})`],
    release: ["sh", "-c", `kill -USR2 $(cat ${pidFile})`],
  },
  NetworkManager: {
    enable: ["NetworkManager.service", "NetworkManager-dispatcher.service"],
    files: { "/etc/NetworkManager/conf.d/ens5.conf": unmanaged },
    lease: ["nmcli", "--wait", "20", "device", "connect", "ens6"],
    renew: ["nmcli", "device", "reapply", "ens6"],
    release: ["nmcli", "device", "disconnect", "ens6"],
  },
  networkd: {
    enable: ["systemd-networkd.service"],
    files: { "/etc/systemd/network/50-ens6.network.off": network },
    lease: [
      "sh",
      "-c",
      "cd /etc/systemd/network && mv 50-ens6.network.off 50-ens6.network && networkctl reload",
    ],
    renew: ["networkctl", "renew", "ens6"],
    release: ["sh", "-c", "rm /etc/systemd/network/50-ens6.network && networkctl reload"],
  },
};

for (const suite of suites) {
  for (const [name, client] of Object.entries(clients)) {
    describe(`${name} of ${suite}`, () => withHook(suite, name, client));
  }
}

function withHook(suite: Suite, name: string, client: ClientCommands): void {
  let lab: HookedLab;
  beforeAll(async () => {
    if (labMissing !== null) return;
    lab = await startHookedLab(suite, client);
    const { machine } = lab;
    await lab.watch();
    await machine.run(["sh", "-ec", primary]);
    await machine.run(["ip", "link", "set", "ens6", "up"]);
  });
  afterAll(async () => lab?.[Symbol.asyncDispose]());

  const seen = async (kind: Kind): Promise<number> =>
    (await lab.handled()).filter((call) => kindOf(call) === kind).length;
  const order = async (argv: readonly string[], kind: Kind): Promise<void> => {
    const before = await seen(kind);
    await lab.machine.run(argv, { timeoutMs: 30_000 });
    await lab.machine.until(`the hook is called: ${kind}`, async () => (await seen(kind)) > before);
  };

  testLab("a lease makes the NIC's table and rules, and packets leave through it", async () => {
    await order(client.lease, "bound");
    await lab.machine.until("the rules are there", async () => (await lab.routing()).rules !== "");
    expect((await lab.routing()).table.replaceAll(/ +$/gm, "")).toBe(
      "default via 10.0.1.1 dev ens6 proto static\n10.0.1.0/24 dev ens6 proto static scope link\n",
    );
    expect((await lab.routing()).rules.replaceAll("\t", " ")).toBe(expectedRules);
    expect(await lab.pings()).toBe(true);
  });

  testLab(
    "without them they do not: the source check drops what leaves by the primary",
    async () => {
      await lab.machine.run(["ip", "-4", "rule", "add", "pref", "1", "lookup", "main"]);
      expect(await lab.pings()).toBe(false);
      await lab.machine.run(["ip", "-4", "rule", "del", "pref", "1"]);
      expect(await lab.pings()).toBe(true);
    },
  );

  testLab("the lease once more changes nothing", async () => {
    const before = await lab.handled();
    const standing = await lab.routing();
    await order(client.renew, "bound");
    const since = (await lab.handled()).slice(before.length);
    expect(since.flatMap(({ plan }) => plan?.steps)).toEqual([]);
    expect(await lab.routing()).toEqual(standing);
    expect(await lab.pings()).toBe(true);
  });

  testLab("a lease that is given back leaves nothing", async () => {
    await order(client.release, name === "networkd" ? "irrelevant" : "released");
    await lab.machine.until("the rules are gone", async () => {
      const { rules, table } = await lab.routing();
      return rules === "" && !table.includes("ens6");
    });
  });

  testLab("no call failed", async () => {
    const handled = await lab.handled();
    expect(handled.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(handled.length).toBeGreaterThan(2);
  });
}

describe("dhclient, where a file of ours knows the NIC", () => {
  let lab: HookedLab;
  const dhclient = clients["dhclient"];
  beforeAll(async () => {
    if (labMissing === null) lab = await startHookedLab("bookworm", none);
  });
  afterAll(async () => lab?.[Symbol.asyncDispose]());

  testLab(
    "its own table takes the provisional one's place, and stays when the lease goes",
    async () => {
      const { machine, instance } = lab;
      const tables = async (): Promise<readonly string[]> => {
        const shown = await machine.run(["sh", "-c", "ip -4 rule | grep -F ' 10.0.1.10' || :"]);
        return [...shown.matchAll(/^(\d+):.* lookup (\d+)/gm)].map(
          ([, at, table]) => `${at} ${table}`,
        );
      };
      await machine.run(["sh", "-ec", primary]);
      await machine.run(dhclient?.lease ?? []);
      expect(await tables()).toEqual(["5900 13900", "5900 13900", "13900 13900"]);
      const { mac } = instance.vpc.enis()[1] ?? { mac: "" };
      const eni = eniAt(1, { mac, id: "eni-0b" });
      const [file] = renderNetworkd(configure([{ eni, link: null }], false));
      await machine.write(file?.path ?? "", file?.content ?? "");
      await machine.run(dhclient?.renew ?? []);
      expect(await tables()).toEqual(["2001 10001", "2001 10001", "10001 10001"]);
      expect((await lab.routing()).table).not.toContain("ens6");
      expect(await lab.pings()).toBe(true);
      await machine.run(dhclient?.release ?? []);
      expect(await tables()).toEqual(["2001 10001", "2001 10001", "10001 10001"]);
    },
  );
});

describe("dhclient, whose default has a better metric than the primary's", () => {
  let lab: HookedLab;
  beforeAll(async () => {
    if (labMissing === null) lab = await startHookedLab("trixie", none);
  });
  afterAll(async () => lab?.[Symbol.asyncDispose]());

  testLab("the primary is not cut off by it", async () => {
    await lab.machine.run(["sh", "-ec", primary.replace(/\n$/, " metric 50\n")]);
    expect(await lab.pings("10.0.0.10")).toBe(true);
    await lab.machine.run(clients["dhclient"]?.lease ?? []);
    expect(await lab.machine.run(["ip", "-4", "route", "get", "198.51.100.7"])).toContain("ens6");
    expect(await lab.machine.run(["ip", "-4", "rule"])).toContain("from 10.0.0.10 lookup 13900");
    expect(await lab.pings("10.0.0.10")).toBe(true);
    expect(await lab.pings("10.0.1.10")).toBe(true);
    await lab.machine.run(["ip", "-4", "rule", "add", "pref", "1", "lookup", "main"]);
    expect(await lab.pings("10.0.0.10")).toBe(false);
  });
});

/** As the client of the image would: the best default leads out through the primary. */
const primary = `
ip link set ens5 up
ip address add 10.0.0.10/24 dev ens5
ip route add default via 10.0.0.1 dev ens5
`;

const expectedRules = [
  "5900: from 10.0.1.10 to 10.0.1.0/24 lookup 13900 proto static",
  "5900: from 10.0.1.10 to 169.254.168.0/22 lookup 13900 proto static",
  "9900: from 10.0.1.10 lookup main suppress_prefixlength 0 proto static",
  "13900: from 10.0.1.10 lookup 13900 proto static",
  "",
].join("\n");
