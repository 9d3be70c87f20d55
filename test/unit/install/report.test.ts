import { expect, test } from "bun:test";
import { reportInstall } from "../../../src/install/report.ts";
import type { InstallPlan } from "../../../src/install/units/model.ts";
import { fakeClock, fakeLog } from "../../kit/host/fake-host.ts";

const nothing: InstallPlan = {
  stepsBefore: [],
  write: [],
  links: [],
  remove: [],
  removeLast: [],
  removeDirectories: [],
  steps: [],
  notes: [],
  competitors: [],
};
const step = (...argv: readonly string[]) => ({ argv, reason: "", mac: null, timeoutMs: 1 });
const everything: InstallPlan = {
  stepsBefore: [step("systemctl", "stop", "a.timer")],
  write: [{ path: "/etc/a", content: "a\n", mode: 0o644, mac: null }],
  links: [{ path: "/etc/b", target: "../a" }],
  remove: ["/etc/c"],
  removeLast: ["/etc/list"],
  removeDirectories: ["/etc/folder"],
  steps: [step("systemctl", "daemon-reload")],
  notes: ["/etc/d is masked, so it is not changed"],
  competitors: [{ name: "other", files: ["/x", "/y"], commands: ["rm /x", "reboot"] }],
};

async function report(plan: InstallPlan, mode: { dryRun?: boolean; json?: boolean }, more = {}) {
  const printed: string[] = [];
  const log = fakeLog();
  const host = {
    clock: fakeClock(),
    log,
    print: async (data: unknown) => void printed.push(String(data)),
  };
  const result = { plan, program: "/usr/bin/ec2nic", root: "/", ...more };
  await reportInstall(host, { dryRun: false, json: false, ...mode }, result);
  return { text: printed.join(""), lines: log.lines };
}

test("a run logs what it did, the notes, the other programs and the result", async () => {
  expect(await report(everything, {})).toEqual({
    text: "",
    lines: [
      "info: ran systemctl stop a.timer",
      "info: wrote /etc/a",
      "info: linked /etc/b to ../a",
      "info: removed /etc/c",
      "info: removed /etc/list",
      "info: ran systemctl daemon-reload",
      "warn: /etc/d is masked, so it is not changed",
      "warn: both ec2nic and other configure NICs at hot-plug (/x, /y), so disable other",
      "info: installed; units start /usr/bin/ec2nic",
    ],
  });
});

test("--dry-run prints what a run would do, below the root, and logs nothing", async () => {
  const { text, lines } = await report(everything, { dryRun: true }, { root: "/mnt/" });
  expect(lines).toEqual([]);
  expect(text.split("\n")).toEqual([
    "run systemctl stop a.timer",
    "write /mnt/etc/a",
    "link /mnt/etc/b to ../a",
    "remove /mnt/etc/c",
    "remove /mnt/etc/list",
    "run systemctl daemon-reload",
    "remove /mnt/etc/folder, if it is empty",
    "units start /usr/bin/ec2nic",
    "/etc/d is masked, so it is not changed",
    "both ec2nic and other configure NICs at hot-plug (/x, /y)",
    "these commands disable other:",
    "  rm /x",
    "  reboot",
    "",
  ]);
  const unchanged = await report(nothing, { dryRun: true });
  expect(unchanged.text).toBe("nothing to do\nunits start /usr/bin/ec2nic\n");
});

test.each([
  [nothing, {}, "already installed; units start /usr/bin/ec2nic", "unchanged"],
  [everything, { root: "/mnt" }, "installed below /mnt; units start /usr/bin/ec2nic", "configured"],
  [nothing, { program: null }, "nothing to uninstall", "unchanged"],
  [
    everything,
    { program: null, root: "/mnt" },
    "uninstalled below /mnt; the files that configure NICs (ec2nic-MAC in their names) are kept",
    "retired",
  ],
])("the result in one line and as JSON (%#)", async (plan, more, line, outcome) => {
  const { lines } = await report(plan, {}, more);
  expect(lines.at(-1)).toBe(`info: ${line}`);
  const { text } = await report(plan, { json: true }, more);
  expect(JSON.parse(text)).toMatchObject({ command: "hotplug", dryRun: false, outcome, nics: [] });
});

test("--json has the whole plan, and the files are not logged", async () => {
  const { text, lines } = await report(everything, { json: true });
  const { write, links, notes, competitors, steps, stepsBefore } = everything;
  expect(JSON.parse(text)).toMatchObject({
    competitors,
    program: "/usr/bin/ec2nic",
    plan: {
      write,
      links,
      remove: ["/etc/c", "/etc/list"],
      removeDirectories: ["/etc/folder"],
      steps: [...stepsBefore, ...steps],
      reasons: notes,
    },
  });
  expect(lines.join()).not.toContain("wrote");
});
