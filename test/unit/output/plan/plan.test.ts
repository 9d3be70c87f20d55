import { describe, expect, test } from "bun:test";
import type { HostState, NetworkPlan } from "../../../../src/model/plan.ts";
import { listPlan, listSteps } from "../../../../src/output/plan/plain.ts";
import { describePlan, describeSteps } from "../../../../src/output/plan/terminal.ts";
import { macAt } from "../../../kit/facts/nics.ts";

const path = "/etc/netplan/60-ec2nic-06aabbccdd01.yaml";
const file = { path, content: "one\ntwo\nthree\nfour\nfive\nsix\n", mode: 0o600, mac: macAt(1) };
const step = { argv: ["echo", "it's"], reason: "a file changed", mac: null, timeoutMs: 1 };
const long = "a reason that goes on and on ".repeat(4).trim();
const empty: NetworkPlan = {
  backend: "netplan",
  write: [],
  remove: [],
  steps: [],
  reasons: [],
  nics: [],
};
const plan: NetworkPlan = {
  ...empty,
  write: [file],
  remove: ["/etc/netplan/60-ec2nic-06eeeeeeee01.yaml"],
  steps: [step],
  reasons: ["a reason", long],
  nics: [
    { mac: macAt(1), name: "ens6", eni: "eni-1", outcome: "configured" },
    { mac: macAt(2), name: null, eni: null, outcome: "retired" },
  ],
};
const none: HostState = { files: [], unmanaged: null };
const withFile = (content: string, mode = 0o600): HostState => {
  return { ...none, files: [{ path, content, mode }] };
};
const changed = withFile("one\ntwo\nthree\nfour\nfife\nsix\n");

describe("a plan for people", () => {
  test("shows NICs, changed files, commands and reasons", () => {
    expect(describePlan(plan, changed).split("\n")).toEqual([
      "netplan: 1 file to write, 1 file to remove, 1 command to run",
      "",
      "  configured  06:aa:bb:cc:dd:01  ens6             eni-1",
      "  retired     06:aa:bb:cc:dd:02  -                -",
      "",
      `write ${path} (changed, 0600)`,
      "…",
      "  three",
      "  four",
      "- fife",
      "+ five",
      "  six",
      "",
      "remove /etc/netplan/60-ec2nic-06eeeeeeee01.yaml",
      "",
      "run echo 'it'\\''s'",
      "  - a file changed",
      "",
      "why:",
      "  - a reason",
      "  - a reason that goes on and on a reason that goes on and on a reason that goes",
      "    on and on a reason that goes on and on",
      "",
    ]);
  });

  test("has the lines of a new file, and names a mode that alone is changed", () => {
    const fresh = {
      ...empty,
      write: [
        { ...file, content: "a\n\nb\n" },
        { ...file, path: "/b" },
      ],
    };
    const text = describePlan(fresh, none);
    expect(text).toStartWith("netplan: 2 files to write\n\n");
    expect(text).toContain(`write ${path} (new, 0600)\n+ a\n+\n+ b\n\nwrite /b (new, 0600)\n`);
    expect(describePlan(plan, withFile(file.content, 0o644))).toContain(
      `write ${path} (same text, mode 0600)\n\n`,
    );
  });

  test("says that there is nothing to do", () => {
    expect(describePlan(empty, none)).toBe("netplan: nothing to do\n");
    expect(describeSteps([], [])).toBe("nothing to do\n");
  });

  test("can have only commands", () => {
    expect(describeSteps([step], ["ens6 has no carrier"])).toBe(
      "run echo 'it'\\''s'\n  - a file changed\n\nwhy:\n  - ens6 has no carrier\n",
    );
  });
});

describe("a plan for screen readers", () => {
  test("lists each changed and kept line and the reasons, and wraps no line", () => {
    expect(listPlan(plan, changed).split("\n")).toEqual([
      "netplan: 1 file to write, 1 file to remove, 1 command to run",
      "NIC ens6, MAC 06:aa:bb:cc:dd:01, ENI eni-1: configured",
      "MAC 06:aa:bb:cc:dd:02: retired",
      `write ${path}, changed, mode 0600`,
      "unchanged lines",
      "kept: three",
      "kept: four",
      "removed: fife",
      "added: five",
      "kept: six",
      "remove /etc/netplan/60-ec2nic-06eeeeeeee01.yaml",
      "run echo 'it'\\''s'",
      "because: a file changed",
      "why: a reason",
      `why: ${long}`,
      "",
    ]);
  });

  test("has the lines of a new file, and names a mode that alone is changed", () => {
    const fresh = listPlan({ ...plan, write: [{ ...file, content: "a\n\nb\n" }] }, none);
    expect(fresh).toContain(`write ${path}, new, mode 0600\nadded: a\nadded:\nadded: b\nremove `);
    expect(listPlan(plan, withFile(file.content, 0o644))).toContain(
      `write ${path}, same text, mode 0600\nremove `,
    );
  });

  test("can have only commands", () => {
    expect(listSteps([step], ["ens6 has no carrier"])).toBe(
      "run echo 'it'\\''s'\nbecause: a file changed\nwhy: ens6 has no carrier\n",
    );
    expect(listSteps([], [])).toBe("nothing to do\n");
  });
});

test.each([
  [describePlan, "- "],
  [listPlan, "removed: "],
])("%p escapes control characters of a replaced file", (show, sign) => {
  const text = show(plan, withFile("\u001b[2J\u009b0m\rx\u202e\n"));
  expect(text).toContain(`${sign}\\x1b[2J\\x9b0m\\x0dx\\u202e\n`);
});
