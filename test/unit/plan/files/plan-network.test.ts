import { describe, expect, test } from "bun:test";
import type { Eni, IncompleteEni } from "../../../../src/model/eni.ts";
import type { ExistingFile } from "../../../../src/model/plan.ts";
import { managedPath } from "../../../../src/model/managed-paths.ts";
import type { FilePlan } from "../../../../src/plan/files/plan-changes.ts";
import { planNetwork, type Scope } from "../../../../src/plan/files/plan-network.ts";
import { choiceOf } from "../../../kit/facts/choices.ts";
import { eniAt, linkAt, macAt, noFamily } from "../../../kit/facts/nics.ts";

interface Situation {
  readonly enis?: readonly Eni[];
  readonly incomplete?: readonly IncompleteEni[];
  readonly files?: readonly ExistingFile[];
  readonly unmanaged?: string;
  readonly scope?: Scope;
}

const links = [linkAt(0), linkAt(1)];

function planOf({ enis, incomplete, files, unmanaged, scope }: Situation): FilePlan {
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

test("what is written once is not written again", () => {
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

test("our file for another backend goes, for a NIC that is configured", () => {
  const path = managedPath("networkd", macAt(1));
  const file = { path, content: "# written by ec2nic\n", mode: 0o644 };
  const plan = planOf({ files: [...written, file] });
  expect(plan.remove).toEqual([path]);
  expect(outcomesOf(plan)).toEqual([`${macAt(0)} unchanged`, `${macAt(1)} configured`]);
});

test("somebody else's file in that place stays, and is named", () => {
  const path = managedPath("networkd", macAt(1));
  const plan = planOf({ files: [...written, { path, content: "[Match]\n", mode: 0o644 }] });
  expect(plan.remove).toEqual([]);
  expect(plan.reasons.join("\n")).toContain(`${path}: not written by ec2nic`);
});

describe("left alone, with its file untouched:", () => {
  const files = written.map((file) => {
    return file.mac === macAt(0) ? file : { ...file, content: "# written by ec2nic, long ago\n" };
  });
  const waiting = { mac: macAt(1), isPrimary: false, reason: "ipv6s is listed, but empty" };
  const efaOnly = eniAt(1, { ipv4: noFamily });

  test.each([
    ["an ENI that is not yet known", { enis: [eniAt(0)], incomplete: [waiting] }, "incomplete"],
    ["an ENI without addresses", { enis: [eniAt(0), efaOnly] }, "kept"],
    ["a NIC that the admin lists", { unmanaged: "ens6\n" }, "kept"],
    ["a NIC that IMDS does not list", { enis: [eniAt(0)] }, "kept"],
  ])("%s", (_, situation, outcome) => {
    const plan = planOf({ ...situation, files });
    expect([plan.write, plan.remove]).toEqual([[], []]);
    expect(outcomesOf(plan)).toEqual([`${macAt(0)} unchanged`, `${macAt(1)} ${outcome}`]);
    expect(plan.nics[1]?.name).toBe("ens6");
    expect(plan.nics[1]?.reason).toBeString();
  });
});

test("a second ENI, still incomplete, already means that the first is not alone", () => {
  const waiting = { mac: macAt(0), isPrimary: true, reason: "not listed yet" };
  const rulesOf = (plan: FilePlan) =>
    plan.write
      .filter(({ path }) => path.endsWith(".yaml"))
      .map(({ content }) => content.includes("routing-policy"));
  expect(rulesOf(planOf({ enis: [eniAt(1)], incomplete: [waiting] }))).toEqual([true]);
  expect(rulesOf(planOf({ enis: [eniAt(1)] }))).toEqual([false]);
});

test("an ENI that is not yet known keeps its file, also while its NIC is not here", () => {
  const waiting = { mac: macAt(7), isPrimary: false, reason: "device-number is not there yet" };
  const file = {
    path: managedPath("netplan", macAt(7)),
    content: "# written by ec2nic\n",
    mode: 0o600,
  };
  const plan = planOf({ incomplete: [waiting], files: [...written, file] });
  expect(plan.remove).toEqual([]);
  expect(outcomesOf(plan)).toContain(`${macAt(7)} incomplete`);
  expect(planOf({ files: [...written, file] }).remove).toEqual([file.path]);
});

test("no ENI: nothing to do, and nothing breaks", () => {
  expect(planOf({ enis: [] }).write).toEqual([]);
});

describe("one NIC alone, as an event names it", () => {
  const only = { macs: [macAt(1)], gone: [] };

  test("its file is what a whole run writes, and nothing else is touched or told of", () => {
    const edited = written.map((file) => ({ ...file, content: `${file.content} ` }));
    const plan = planOf({ enis: [eniAt(1)], files: edited, scope: only });
    expect(plan.write).toEqual(written.filter(({ mac }) => mac === macAt(1)));
    expect(plan.remove).toEqual([]);
    expect(outcomesOf(plan)).toEqual([`${macAt(1)} configured`]);
  });

  test("gone: its files go, whatever else is here, and those of the others stay", () => {
    const plan = planOf({ enis: [], files: written, scope: { ...only, gone: [macAt(1)] } });
    expect(plan.write).toEqual([]);
    expect(plan.remove).toEqual(
      written.filter(({ mac }) => mac === macAt(1)).map(({ path }) => path),
    );
    expect(outcomesOf(plan)).toEqual([`${macAt(1)} retired`]);
  });

  test("gone, but an admin lists it: it is left alone", () => {
    const scope = { ...only, gone: [macAt(1)] };
    const plan = planOf({ enis: [], files: written, unmanaged: `${macAt(1)}\n`, scope });
    expect(plan.remove).toEqual([]);
  });
});
