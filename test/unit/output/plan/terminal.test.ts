import { expect, test } from "bun:test";
import { describePlan } from "../../../../src/output/plan/terminal.ts";
import type { NetworkPlan } from "../../../../src/model/plan.ts";
import { macAt } from "../../../kit/facts/nics.ts";

const empty: NetworkPlan = {
  backend: "netplan",
  write: [],
  remove: [],
  steps: [],
  reasons: [],
  nics: [],
};
const path = "/etc/netplan/60-ec2nic-06aabbccdd01.yaml";
const file = { path, content: "one\ntwo\nthree\nfour\nfive\nsix\n", mode: 0o600, mac: macAt(1) };
const none = { files: [], unmanaged: null };

test("an empty plan has nothing to do", () => {
  expect(describePlan(empty, none)).toBe("netplan: nothing to do\n");
});

test("a plan shows NICs, files, commands and reasons", () => {
  const plan: NetworkPlan = {
    ...empty,
    write: [{ ...file, content: "one\ntwo\n" }],
    remove: ["/etc/netplan/60-ec2nic-06eeeeeeee01.yaml"],
    steps: [{ argv: ["echo", "it's"], reason: "because a file changed", mac: null, timeoutMs: 1 }],
    reasons: ["a reason", "a reason that goes on and on ".repeat(4).trim()],
    nics: [
      { mac: macAt(1), name: "ens6", eni: "eni-1", outcome: "configured" },
      { mac: macAt(2), name: null, eni: null, outcome: "retired" },
    ],
  };
  expect(describePlan(plan, none)).toBe(
    [
      "netplan: 1 file to write, 1 file to remove, 1 command to run",
      "",
      "  configured  06:aa:bb:cc:dd:01  ens6             eni-1",
      "  retired     06:aa:bb:cc:dd:02  -                -",
      "",
      `write ${path} (new, 0600)`,
      "+ one",
      "+ two",
      "",
      "remove /etc/netplan/60-ec2nic-06eeeeeeee01.yaml",
      "",
      "run echo 'it'\\''s'",
      "  - because a file changed",
      "",
      "why:",
      "  - a reason",
      "  - a reason that goes on and on a reason that goes on and on a reason that goes",
      "    on and on a reason that goes on and on",
      "",
    ].join("\n"),
  );
});

test("a changed file is shown as a diff, a changed mode alone is named", () => {
  const plan = { ...empty, write: [file] };
  const before = { path, content: "one\ntwo\nthree\nfour\nfife\nsix\n", mode: 0o600 };
  expect(describePlan(plan, { ...none, files: [before] })).toContain(
    `write ${path} (changed, 0600)\n…\n  three\n  four\n- fife\n+ five\n  six\n`,
  );
  const same = { ...before, content: file.content, mode: 0o644 };
  expect(describePlan(plan, { ...none, files: [same] })).toContain("(same text, mode 0600)\n");
});

test("control characters in a replaced file are escaped", () => {
  const before = { path, content: "\u001b[2J\u009b0m\rx\n", mode: 0o600 };
  const text = describePlan({ ...empty, write: [file] }, { ...none, files: [before] });
  expect(text).toContain("- \\x1b[2J\\x9b0m\\x0dx\n");
});
