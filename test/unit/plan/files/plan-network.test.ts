import { describe, expect, test } from "bun:test";
import type { Eni, IncompleteEni } from "../../../../src/model/eni.ts";
import type { Link } from "../../../../src/model/link.ts";
import type { ExistingFile } from "../../../../src/model/plan.ts";
import { managedPath } from "../../../../src/model/managed-paths.ts";
import type { FilePlan } from "../../../../src/plan/files/plan-changes.ts";
import { planNetwork, type Scope } from "../../../../src/plan/files/plan-network.ts";
import { choiceOf } from "../../../kit/facts/choices.ts";
import { eniAt, familyOf, linkAt, macAt, noFamily } from "../../../kit/facts/nics.ts";

interface Facts {
  readonly enis?: readonly Eni[];
  readonly incomplete?: readonly IncompleteEni[];
  readonly files?: readonly ExistingFile[];
  readonly unmanaged?: string;
  readonly scope?: Scope;
  readonly links?: readonly Link[];
}

function planOf({ enis, incomplete, files, unmanaged, scope, links }: Facts): FilePlan {
  const facts = {
    enis: enis ?? [eniAt(0), eniAt(1)],
    incomplete: incomplete ?? [],
    links: links ?? [linkAt(0), linkAt(1)],
    state: { files: files ?? [], unmanaged: unmanaged ?? null },
    ...(scope === undefined ? {} : { scope }),
  };
  return planNetwork(facts, choiceOf("netplan"));
}

const outcomesOf = ({ nics }: FilePlan) => nics.map(({ mac, outcome }) => `${mac} ${outcome}`);
const written = planOf({}).write;

test("a file with the planned content is not written again", () => {
  const plan = planOf({ files: written });
  expect([plan.write, plan.remove]).toEqual([[], []]);
  expect(outcomesOf(plan)).toEqual([`${macAt(0)} unchanged`, `${macAt(1)} unchanged`]);
});

describe("a file is written again when", () => {
  test.each([
    ["its content differs", (file: ExistingFile) => ({ ...file, content: `${file.content} ` })],
    ["its mode differs", (file: ExistingFile) => ({ ...file, mode: 0o640 })],
    ["it is no plain file", (file: ExistingFile) => ({ ...file, mode: null })],
  ])("%s; the other NIC's stays", (_, change) => {
    const files = written.map((file) => (file.mac === macAt(1) ? change(file) : file));
    const plan = planOf({ files });
    expect(plan.write).toEqual(written.filter(({ mac }) => mac === macAt(1)));
    expect(outcomesOf(plan)).toEqual([`${macAt(0)} unchanged`, `${macAt(1)} configured`]);
  });
});

test("the file for another backend is removed if its NIC is configured", () => {
  const path = managedPath("networkd", macAt(1));
  const file = { path, content: "# written by ec2nic\n", mode: 0o644 };
  const plan = planOf({ files: [...written, file] });
  expect(plan.remove).toEqual([path]);
  expect(outcomesOf(plan)).toEqual([`${macAt(0)} unchanged`, `${macAt(1)} configured`]);
});

test("a file of another program at that path stays, and a reason names it", () => {
  const path = managedPath("networkd", macAt(1));
  const plan = planOf({ files: [...written, { path, content: "[Match]\n", mode: 0o644 }] });
  expect(plan.remove).toEqual([]);
  expect(plan.reasons.join("\n")).toContain(`${path} is left in place`);
});

describe("the file stays unchanged of", () => {
  const files = written.map((file) => {
    return file.mac === macAt(0)
      ? file
      : { ...file, content: "# written by ec2nic, an older version\n" };
  });
  const incomplete = { mac: macAt(1), isPrimary: false, reason: "ipv6s is listed, but empty" };
  const efaOnly = eniAt(1, { ipv4: noFamily });

  test.each([
    ["an ENI that is not yet known", { enis: [eniAt(0)], incomplete: [incomplete] }, "incomplete"],
    ["an ENI without addresses", { enis: [eniAt(0), efaOnly] }, "kept"],
    ["a NIC that the admin lists", { unmanaged: "ens6\n" }, "kept"],
    ["a NIC that IMDS does not list", { enis: [eniAt(0)] }, "kept"],
  ])("%s", (_, facts, outcome) => {
    const plan = planOf({ ...facts, files });
    expect([plan.write, plan.remove]).toEqual([[], []]);
    expect(outcomesOf(plan)).toEqual([`${macAt(0)} unchanged`, `${macAt(1)} ${outcome}`]);
    expect(plan.nics[1]?.name).toBe("ens6");
    expect(plan.nics[1]?.reason).toBeString();
  });
});

test("every ENI has rules, also the only one, so that a second one changes no file of the first", () => {
  const incomplete = { mac: macAt(0), isPrimary: true, reason: "not listed yet" };
  const rulesOf = (plan: FilePlan) =>
    plan.write
      .filter(({ path }) => path.endsWith(".yaml"))
      .map(({ content }) => content.includes("routing-policy"));
  expect(rulesOf(planOf({ enis: [eniAt(1)], incomplete: [incomplete] }))).toEqual([true]);
  expect(rulesOf(planOf({ enis: [eniAt(0)] }))).toEqual([true]);
});

test("the files of a NIC that has left stay as long as IMDS may not list all ENIs", () => {
  const file = {
    path: managedPath("netplan", macAt(7)),
    content: "# written by ec2nic\n",
    mode: 0,
  };
  const files = [...written, file];
  const incomplete = [{ mac: macAt(1), isPrimary: false, reason: "late" }];
  expect(planOf({ enis: [eniAt(0)], incomplete, files }).remove).toEqual([]);
  expect(planOf({ enis: [eniAt(1)], files }).remove).toEqual([]);
  expect(planOf({ enis: [eniAt(0)], files, scope: { macs: [macAt(0)], gone: [] } }).remove).toEqual(
    [],
  );
  expect(planOf({ enis: [eniAt(0)], files }).remove).toEqual([file.path]);
});

test("the ENI of a device that has left is not configured again, although IMDS still lists it", () => {
  const scope = { macs: null, gone: [macAt(1)] };
  const plan = planOf({ files: written, links: [linkAt(0)], scope });
  expect(outcomesOf(plan)).toEqual([`${macAt(0)} unchanged`, `${macAt(1)} retired`]);
  expect(plan.nics[1]?.reason).toBe("its device has left the machine");
  expect(plan.reasons).toContain(
    `${macAt(1)}: IMDS lists this MAC, but no device here can have it, so the ENI is not configured`,
  );
});

// `activate --dry-run` prints them.
test("the reasons say what is decided for each NIC and each file, and why", () => {
  const foreign = managedPath("networkd", macAt(1));
  const files = [
    { path: foreign, content: "[Match]\n", mode: 0o644 },
    { path: managedPath("networkd", macAt(0)), content: "# written by ec2nic\n", mode: 0o644 },
    { path: managedPath("netplan", macAt(9)), content: "# written by ec2nic\n", mode: 0o600 },
  ];
  const second = eniAt(1, { ipv6: familyOf(["2001:db8::1", "2001:db8::2"], "2001:db8::/64") });
  const links = [
    linkAt(0),
    linkAt(0, { name: "br0", kind: "bridge" as const }),
    linkAt(3),
    linkAt(5),
  ];
  const enis = [eniAt(0), second, eniAt(3), eniAt(4, { ipv4: noFamily })];
  const plan = planOf({ enis, files, links, unmanaged: "ens8\n/\n" });
  expect(plan.reasons).toEqual([
    '/etc/ec2nic/unmanaged:2: "/" is neither a MAC, nor a link\'s name, nor an ENI id, so it is ignored',
    `${macAt(0)}: br0 (bridge) has this MAC too; ens5 is the NIC`,
    `${macAt(0)} (ens5) is eni-0, primary, metric 64: DHCPv4, rules to table 10000`,
    `${macAt(1)} is eni-1, index 1, metric 65: DHCPv4 and DHCPv6, 1 more addresses, ` +
      "rules to table 10001; no NIC here has its MAC yet",
    `${macAt(3)} (ens8): left alone: /etc/ec2nic/unmanaged lists ens8`,
    `${macAt(4)}: left alone: no IP addresses (EFA-only)`,
    `${macAt(5)} (ens10): left alone: IMDS does not list this MAC`,
    `${managedPath("netplan", macAt(9))} of ${macAt(9)} is removed, ` +
      "because neither IMDS nor this machine has its MAC",
    `${managedPath("networkd", macAt(0))} is removed, because netplan does not need it`,
    `${foreign} is left in place, because ec2nic did not write it`,
  ]);
});

test("an incomplete ENI without a NIC keeps its file", () => {
  const incomplete = { mac: macAt(7), isPrimary: false, reason: "device-number is still missing" };
  const file = {
    path: managedPath("netplan", macAt(7)),
    content: "# written by ec2nic\n",
    mode: 0o600,
  };
  const plan = planOf({ incomplete: [incomplete], files: [...written, file] });
  expect(plan.remove).toEqual([]);
  expect(outcomesOf(plan)).toContain(`${macAt(7)} incomplete`);
  expect(planOf({ files: [...written, file] }).remove).toEqual([file.path]);
});

test("an ENI whose NIC is not here yet has the same file", () => {
  const plan = planOf({ links: [linkAt(0)] });
  expect(plan.write).toEqual(written);
  expect(plan.nics[1]).toMatchObject({ mac: macAt(1), name: null, outcome: "configured" });
});

test("without ENIs there is nothing to write", () => {
  expect(planOf({ enis: [] }).write).toEqual([]);
});

describe("a scope of one NIC", () => {
  const only = { macs: [macAt(1)], gone: [] };

  test("has the file that a full run writes, and other NICs are neither changed nor listed", () => {
    const edited = written.map((file) => ({ ...file, content: `${file.content} ` }));
    const plan = planOf({ enis: [eniAt(1)], files: edited, scope: only });
    expect(plan.write).toEqual(written.filter(({ mac }) => mac === macAt(1)));
    expect(plan.remove).toEqual([]);
    expect(outcomesOf(plan)).toEqual([`${macAt(1)} configured`]);
  });

  test("that is gone has its files removed, and those of others stay", () => {
    const plan = planOf({ enis: [], files: written, scope: { ...only, gone: [macAt(1)] } });
    expect(plan.write).toEqual([]);
    expect(plan.remove).toEqual(
      written.filter(({ mac }) => mac === macAt(1)).map(({ path }) => path),
    );
    expect(outcomesOf(plan)).toEqual([`${macAt(1)} retired`]);
  });

  test("that is gone and unmanaged keeps its files", () => {
    const scope = { ...only, gone: [macAt(1)] };
    const plan = planOf({ enis: [], files: written, unmanaged: `${macAt(1)}\n`, scope });
    expect(plan.remove).toEqual([]);
  });
});
