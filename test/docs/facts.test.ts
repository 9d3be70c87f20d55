import { expect, test } from "bun:test";
import activate from "../../src/commands/activate.ts";
import fetch from "../../src/commands/fetch.ts";
import hotplug from "../../src/commands/hotplug.ts";
import probeNics from "../../src/commands/probe-nics.ts";
import { exitCodes } from "../../src/exit.ts";
import { retryFaults } from "../../scripts/record/offline-scenes.ts";
import { verdictWords } from "../../src/model/probe.ts";
import { findCompetitors } from "../../src/install/competitors.ts";
import { documentAt, documents } from "../kit/basics/documents.ts";

const troubleshooting = documentAt("docs/troubleshooting.md").text;
const cookbook = documentAt("docs/cookbook.md").text;

/** The cells of the first column of the table below a heading, without the header. */
function firstColumn(text: string, heading: string): readonly string[] {
  const [, section = ""] = text.split(`\n## ${heading}\n`);
  const [own = ""] = section.split("\n## ");
  const cells = [...own.matchAll(/^\| ([^|]+?) +\|/gm)].map(([, cell = ""]) => cell);
  return cells.filter((cell) => !/^-+$/.test(cell)).slice(1);
}

test("docs/troubleshooting.md lists exactly the verdicts of probe-nics", () => {
  const words = firstColumn(troubleshooting, "IMDS is not reached");
  expect(words.toSorted()).toEqual(verdictWords.map((word) => `\`${word}\``).toSorted());
});

test("docs/troubleshooting.md lists exactly the exit statuses of the source", () => {
  const codes = firstColumn(troubleshooting, "Exit status").flatMap((cell) => cell.split(", "));
  const all = Object.values(exitCodes).filter((code) => code !== 0);
  expect(new Set(codes.map(Number))).toEqual(new Set<number>(all));
});

const commands = { fetch, activate, "probe-nics": probeNics, hotplug };

test("the documents use only flags that the commands have", () => {
  const unknown = documents
    .filter(({ path }) => !path.startsWith("docs/decisions/"))
    .flatMap(({ path, text }) =>
      // recorded output may show errors, with unknown flags
      commandLines(text.replaceAll(/<!-- recorded[\s\S]*?^```$[\s\S]*?^```$/gm, "")).flatMap(
        ([line, name = "", words = ""]) => {
          const command = Object.entries(commands).find(([each]) => each === name)?.[1];
          if (command === undefined) return [`${path}: ${line}`];
          const flags = [...(words.split(" -- ")[0] ?? "").matchAll(/ --([\w-]+)/g)];
          const missing = flags.filter(([, flag = ""]) => !Object.hasOwn(command.help.flags, flag));
          return missing.map(([flag]) => `${path}: ec2nic ${name} has no${flag}`);
        },
      ),
    );
  expect(unknown).toEqual([]);
});

/** Finds `ec2nic NAME …` in code blocks and between backticks. */
function commandLines(text: string) {
  return [...text.matchAll(/(?:^|[`"($] ?)ec2nic ([a-z][a-z-]+)((?:\\\n|[^`\n#;|&])*)/gm)];
}

test("the cookbook disables competitors with the commands that hotplug --install prints", () => {
  const files = [
    { path: "/etc/udev/rules.d/10-cloud-init-hook-hotplug.rules", content: "", isMask: false },
    { path: "/usr/lib/udev/rules.d/99-vpc-policy-routes.rules", content: "", isMask: false },
    {
      path: "/etc/systemd/system/timers.target.wants/nm-cloud-setup.timer",
      content: "",
      isMask: false,
    },
  ];
  const found = findCompetitors(files);
  expect(found).toHaveLength(3);
  for (const { commands: lines } of found) {
    expect(cookbook).toContain(`\n${lines.join("\n")}\n`);
  }
});

test("docs/simulator.md shows the faults that its recording was made with", () => {
  const { text } = documentAt("docs/simulator.md");
  expect(retryFaults.filter((fault) => !text.includes(`--fault '${fault}'`))).toEqual([]);
});
