import { afterAll, beforeAll, describe, expect } from "bun:test";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { NetplanRenderer } from "../../../src/model/plan.ts";
import { choiceOf } from "../../kit/facts/choices.ts";
import { goldenCases, runGoldenCase, treeOf } from "../../kit/files/golden-case.ts";
import { missingTool, testUnless } from "../../kit/basics/skip.ts";
import { asNetplanWrites, keysOf } from "../../kit/files/profile-keys.ts";

/**
 * Gives the files of every golden case to the real netplan (0.106 in bookworm). With `--root-dir` it
 * writes only below that folder (strace shows no file outside that is opened for writing). Afterwards
 * it reloads udev and systemd of the machine, and fails where systemd has not booted the machine
 * (1.1). So it finds stand-ins for their commands that do nothing.
 */
const netplanTest = testUnless(missingTool("netplan"));

const cases = await goldenCases();
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ec2nic-netplan-"));
  await mkdir(join(folder, "bin"));
  for (const name of ["systemctl", "udevadm"]) {
    await writeFile(join(folder, "bin", name), "#!/bin/sh\n", { mode: 0o755 });
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The networkd units, or NetworkManager profiles, that netplan generates from a case, by name. */
async function unitsOf(
  name: string,
  others: Readonly<Record<string, string>> = {},
  renderer: NetplanRenderer = "networkd",
) {
  const golden = cases.find((found) => found.name === name);
  if (golden === undefined) throw new Error(`unknown case: ${name}`);
  const root = await mkdtemp(join(folder, "root-"));
  await runGoldenCase(golden, root, choiceOf("netplan", renderer));
  for (const [path, content] of Object.entries(others)) {
    await Bun.write(join(root, path), content);
    await chmod(join(root, path), 0o600);
  }
  const run = Bun.spawnSync(["netplan", "generate", "--root-dir", root], {
    env: { ...process.env, PATH: `${join(folder, "bin")}:${process.env["PATH"]}` },
  });
  const output = run.stdout.toString() + run.stderr.toString();
  const path = renderer === "networkd" ? "systemd/network" : "NetworkManager/system-connections";
  const tree = Object.entries(await treeOf(join(root, "run", path)));
  const units = Object.fromEntries(tree.map(([file, text]) => [basename(file), text]));
  // netplan 1.1 lists the NICs to wait for in this file, instead of marking the others in their units
  const waiting = "run/systemd/system/systemd-networkd-wait-online.service.d/10-netplan.conf";
  const waitedFor = await Bun.file(join(root, waiting))
    .text()
    .catch(() => null);
  return { code: run.exitCode, output, units, waitedFor };
}

const first = "10-netplan-a-ec2nic-06aabbccdd01.network";
const second = "10-netplan-a-ec2nic-06aabbccdd02.network";

describe("netplan generate", () => {
  for (const { name } of cases) {
    netplanTest(`accepts ${name}`, async () => {
      const { code, output, units } = await unitsOf(name);
      expect(output).toBe("");
      expect(code).toBe(0);
      expect(Object.keys(units).join()).toContain("10-netplan-a-ec2nic-");
    });
  }

  netplanTest("refuses a wrong configuration, so that the tests above can fail", async () => {
    const { code } = await unitsOf("one-eni", {
      "etc/netplan/90-bad.yaml": "network: {version: 2, ethernets: {e: {dhcp4: 7}}}\n",
    });
    expect(code).not.toBe(0);
  });

  netplanTest("gives the primary DHCP with its metric, and a table for the VPC", async () => {
    const { units } = await unitsOf("two-enis-ipv4");
    const lines = linesOf(units[first]);
    expect(lines).toContain("PermanentMACAddress=06:aa:bb:cc:dd:01");
    expect(lines).toContain("DHCP=ipv4");
    expect(lines).toContain("RouteMetric=64");
    expect(lines.filter((line) => /RequiredForOnline|UseHostname/.test(line))).toEqual([]);
    expect(sections(units[first], "RoutingPolicyRule")).toEqual([
      ["From=10.0.0.10/32", "Table=10000", "Priority=3800"],
    ]);
  });

  netplanTest("gives another ENI its own table and rules, and does not wait for it", async () => {
    const { units, waitedFor } = await unitsOf("two-enis-ipv4");
    if (waitedFor === null) expect(units[second]).toContain("RequiredForOnline=no");
    else expect(waitedFor).not.toContain("ec2nic-06aabbccdd02");
    expect(sections(units[second], "Route")).toEqual([
      ["Destination=10.0.1.0/24", "Scope=link", "Table=10001"],
      ["Destination=0.0.0.0/0", "Gateway=10.0.1.1", "GatewayOnLink=true", "Table=10001"],
    ]);
    expect(sections(units[second], "RoutingPolicyRule")).toEqual([
      ["From=10.0.1.20/32", "Table=10001", "Priority=3801"],
    ]);
    expect(linesOf(units[second])).toContain("RouteMetric=65");
    expect(linesOf(units[second])).toContain("UseHostname=false");
  });

  netplanTest(
    "gives a dual-stack ENI both families in its table, and never a second IPv6 address as source",
    async () => {
      const { units } = await unitsOf("two-enis-dual-stack");
      const lines = linesOf(units[second]);
      expect(lines).toContain("DHCP=yes");
      expect(lines).toContain("IPv6AcceptRA=yes");
      expect(lines).toContain("Address=10.0.1.21/32");
      expect(sections(units[second], "Address")).toEqual([
        ["Address=2001:db8:ec2:1::21/128", "PreferredLifetime=0"],
      ]);
      expect(sections(units[second], "Route")).toContainEqual([
        "Destination=::/0",
        "Gateway=fe80:ec2::1",
        "Table=10001",
      ]);
      const rules = sections(units[second], "RoutingPolicyRule");
      const last = rules.filter((lines) => lines.includes("Priority=3801"));
      expect(last.map(([from]) => from)).toEqual([
        "From=10.0.1.20/32",
        "From=10.0.1.21/32",
        "From=2001:db8:ec2:1::20/128",
        "From=2001:db8:ec2:1::21/128",
      ]);
    },
  );

  // networkd takes the metric of routes from router advertisements from [DHCP], and only from there.
  netplanTest("writes the metric of a dual-stack ENI into the section [DHCP]", async () => {
    const { units } = await unitsOf("two-enis-dual-stack");
    const metrics = [first, second].map((name) => sections(units[name], "DHCP").flat());
    expect(metrics[0]).toContain("RouteMetric=64");
    expect(metrics[1]).toContain("RouteMetric=65");
  });

  netplanTest("starts both DHCP clients on an ENI with IPv6 only", async () => {
    const { units } = await unitsOf("two-ipv6-only-enis");
    expect(linesOf(units[second])).toContain("DHCP=yes");
  });

  // networkd uses the first file by name that matches the link.
  netplanTest("sorts our unit before a catch-all's and before cloud-init's", async () => {
    const { code, units } = await unitsOf("one-eni", {
      "etc/netplan/50-cloud-init.yaml": yamlOf({
        ens5: { match: { macaddress: "06:aa:bb:cc:dd:01" }, dhcp4: true, "set-name": "ens5" },
      }),
      "etc/netplan/90-default.yaml": yamlOf({
        "all-en": { match: { name: "en*" }, dhcp4: true },
        "all-eth": { match: { name: "eth*" }, dhcp4: true },
      }),
    });
    expect(code).toBe(0);
    const names = Object.keys(units).filter((name) => name.endsWith(".network"));
    expect(names.toSorted()).toEqual([
      first,
      "10-netplan-all-en.network",
      "10-netplan-all-eth.network",
      "10-netplan-ens5.network",
    ]);
  });

  // If netplan refuses one file, it writes no units at all: ours must not depend on a default.
  netplanTest(
    "accepts our file on a machine whose default renderer is NetworkManager",
    async () => {
      const { code, output, units } = await unitsOf("two-enis-dual-stack", {
        "etc/netplan/01-manager.yaml": "network: {version: 2, renderer: NetworkManager}\n",
      });
      expect(output).toBe("");
      expect(code).toBe(0);
      expect(Object.keys(units)).toContain(second);
    },
  );
});

describe("netplan generate for NetworkManager", () => {
  const generate = (name: string) => unitsOf(name, {}, "NetworkManager");
  const profilesFolder = "/etc/NetworkManager/system-connections";

  for (const { name, folder } of cases) {
    netplanTest(`generates the settings of our NetworkManager profile of ${name}`, async () => {
      const { code, output, units } = await generate(name);
      expect(output).toBe("");
      expect(code).toBe(0);
      const profiles = await treeOf(`${folder}/expected/network-manager${profilesFolder}`);
      const ownProfiles = Object.entries(profiles).filter(([path]) => path.startsWith("/ec2nic-"));
      expect(ownProfiles.length).toBeGreaterThan(0);
      for (const [path, text] of ownProfiles) {
        const digits = path.slice("/ec2nic-".length, -".nmconnection".length);
        const generated = keysOf(units[`netplan-a-ec2nic-${digits}.nmconnection`]);
        const expected = asNetplanWrites(keysOf(text));
        expect(expected.filter((key) => !generated.includes(key))).toEqual([]);
        const additional = generated.filter((key) => !expected.includes(key));
        expect(additional).toEqual(["ethernet.wake-on-lan=0"]);
      }
    });
  }

  netplanTest("has no files of networkd beside it", async () => {
    const golden = cases.find(({ name }) => name === "two-enis-dual-stack");
    if (golden === undefined) throw new Error("unknown case: two-enis-dual-stack");
    const root = await mkdtemp(join(folder, "root-"));
    const { tree } = await runGoldenCase(golden, root, choiceOf("netplan", "NetworkManager"));
    expect(Object.keys(tree).filter((path) => path.startsWith("/etc/systemd"))).toEqual([]);
  });
});

function yamlOf(ethernets: object): string {
  return JSON.stringify({ network: { version: 2, ethernets } });
}

function linesOf(unit: string | undefined): readonly string[] {
  return (unit ?? "").split("\n");
}

/** The settings of each section with this name in a systemd unit; none where there is no unit. */
function sections(unit: string | undefined, name: string): readonly (readonly string[])[] {
  return (unit ?? "")
    .split(/^(?=\[)/m)
    .filter((section) => section.startsWith(`[${name}]\n`))
    .map((section) =>
      section
        .trim()
        .split("\n")
        .slice(1)
        .filter((line) => /^\w+=/.test(line)),
    );
}
