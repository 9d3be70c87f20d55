import { describe, expect, test } from "bun:test";
import type { Eni, IncompleteEni } from "../../../../src/model/eni.ts";
import type { ExistingFile } from "../../../../src/model/plan.ts";
import { managedPath } from "../../../../src/model/managed-paths.ts";
import type { FilePlan } from "../../../../src/plan/files/plan-changes.ts";
import { planNetwork, type Scope } from "../../../../src/plan/files/plan-network.ts";
import { choiceOf } from "../../../kit/facts/choices.ts";
import { eniAt, linkAt, macAt, noFamily } from "../../../kit/facts/nics.ts";

interface Facts {
  readonly enis?: readonly Eni[];
  readonly incomplete?: readonly IncompleteEni[];
  readonly files?: readonly ExistingFile[];
  readonly unmanaged?: string;
  readonly scope?: Scope;
}

const links = [linkAt(0), linkAt(1)];

function planOf({ enis, incomplete, files, unmanaged, scope }: Facts): FilePlan {
  const facts = {
    enis: enis ?? [eniAt(0), eniAt(1)],
    incomplete: incomplete ?? [],
    links,
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
