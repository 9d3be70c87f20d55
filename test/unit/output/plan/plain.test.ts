import { expect, test } from "bun:test";
import type { NetworkPlan } from "../../../../src/model/plan.ts";
import { listPlan, listSteps } from "../../../../src/output/plan/plain.ts";
import { macAt } from "../../../kit/facts/nics.ts";

const path = "/etc/netplan/60-ec2nic-06aabbccdd01.yaml";
const file = { path, content: "one\ntwo\nthree\nfour\nfive\n", mode: 0o600, mac: macAt(1) };
const step = { argv: ["echo", "it's"], reason: "a file changed", mac: null, timeoutMs: 1 };
const plan: NetworkPlan = {
  backend: "netplan",
  write: [file],
  remove: ["/etc/netplan/60-ec2nic-06eeeeeeee01.yaml"],
  steps: [step],
  reasons: ["a reason that goes on and on ".repeat(4).trim()],
  nics: [
    { mac: macAt(1), name: "ens6", eni: "eni-1", outcome: "configured" },
    { mac: macAt(2), name: null, eni: null, outcome: "retired" },
  ],
};

test("a plan lists each changed and kept line and the reasons, and wraps no line", () => {
  const before = { path, content: "one\ntwo\nthree\nfour\nfife\n", mode: 0o600 };
  expect(listPlan(plan, { files: [before], unmanaged: null }).split("\n")).toEqual([
    "netplan: 1 file to write, 1 file to remove, 1 command to run",
    "NIC ens6, MAC 06:aa:bb:cc:dd:01, ENI eni-1: configured",
    "MAC 06:aa:bb:cc:dd:02: retired",
    `write ${path}, changed, mode 0600`,
    "unchanged lines",
    "kept: three",
    "kept: four",
    "removed: fife",
    "added: five",
    "remove /etc/netplan/60-ec2nic-06eeeeeeee01.yaml",
    "run echo 'it'\\''s'",
    "because: a file changed",
    `why: ${"a reason that goes on and on ".repeat(4).trim()}`,
    "",
  ]);
});

test("every line of a new file is listed, a changed mode alone is named", () => {
  const fresh = listPlan({ ...plan, write: [{ ...file, content: "a\n\nb\n" }] }, noFiles);
  expect(fresh).toContain(`write ${path}, new, mode 0600\nadded: a\nadded:\nadded: b\nremove `);
  const same = { files: [{ path, content: file.content, mode: 0o644 }], unmanaged: null };
  expect(listPlan(plan, same)).toContain(`write ${path}, same text, mode 0600\nremove `);
});

const noFiles = { files: [], unmanaged: null } as const;

test("steps are listed without a plan, an empty list gives a sentence", () => {
  expect(listSteps([step], ["ens6 has no carrier"])).toBe(
    "run echo 'it'\\''s'\nbecause: a file changed\nwhy: ens6 has no carrier\n",
  );
  expect(listSteps([], [])).toBe("nothing to do\n");
});

test("control characters in a replaced file are escaped", () => {
  const before = { path, content: "\u001b[2J\n", mode: 0o600 };
  expect(listPlan(plan, { files: [before], unmanaged: null })).toContain("removed: \\x1b[2J\n");
});
