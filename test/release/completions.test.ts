import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { bashCompletion } from "../../scripts/docs/bash-completion.ts";
import { commandHelps } from "../../scripts/docs/command-helps.ts";
import { completionModel } from "../../scripts/docs/completion-model.ts";
import { fishCompletion } from "../../scripts/docs/fish-completion.ts";
import { zshCompletion } from "../../scripts/docs/zsh-completion.ts";
import { testLimitMs } from "../kit/basics/busy-machine.ts";
import { completeInBash } from "../kit/release/complete-in-bash.ts";
import { completeInZsh } from "../kit/release/complete-in-zsh.ts";
import { missingTool, testUnless } from "../kit/basics/skip.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

setDefaultTimeout(testLimitMs);

const model = completionModel(commandHelps);
const commands = ["activate", "fetch", "hotplug", "probe-nics"];
const backends = ["auto", "netplan", "network-manager", "networkd"];

/** A line, and the words that each shell must offer at its end. */
const cases: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ["ec2nic ", commands],
  ["ec2nic ho", ["hotplug"]],
  ["ec2nic fetch --for", ["--format"]],
  ["ec2nic fetch --format ", ["env", "json", "text"]],
  ["ec2nic fetch --format j", ["json"]],
  ["ec2nic activate --backend ", backends],
  ["ec2nic hotplug --un", ["--uninstall"]],
  ["ec2nic hotplug ", ["add", "remove", "sync"]],
  ["ec2nic activate --dry-run --metadata ", ["folder", "i.json"]],
  ["ec2nic activate --root ", ["folder"]],
  ["ec2nic probe-nics --timeout ", []],
  ["ec2nic probe-nics --interface l", ["lo"]],
  ["ec2nic fetch instance-id -- mkdi", ["mkdir"]],
];
const lines = cases.map(([line]) => line);

/** Writes the completions, and makes a folder with a file and a folder; returns its path. */
async function prepareFolder(path: string): Promise<string> {
  await mkdir(join(path, "here/folder"), { recursive: true });
  await Bun.write(join(path, "here/i.json"), "{}");
  await Bun.write(join(path, "shells/ec2nic.bash"), bashCompletion(model));
  await Bun.write(join(path, "shells/_ec2nic"), zshCompletion(model));
  await Bun.write(join(path, "shells/ec2nic.fish"), fishCompletion(model));
  return join(path, "here");
}

testUnless(missingTool("bash", "script"))("bash offers the expected words", async () => {
  using folder = temporaryFolder();
  const cwd = await prepareFolder(folder.path);
  const done = await completeInBash(join(folder.path, "shells/ec2nic.bash"), lines, cwd);
  for (const [at, [line, offered]] of cases.entries()) {
    const words = (done[at] ?? "")
      .slice(0, -1)
      .split(" ")
      .slice(line.split(" ").length - 1);
    const named = words.filter((word) => word !== "" && isOffered(line, word));
    expect({ line, offered: named.map(plain).toSorted() }).toEqual({ line, offered: [...offered] });
  }
  const [equals] = await completeInBash(
    join(folder.path, "shells/ec2nic.bash"),
    ["ec2nic fetch --format=j"],
    cwd,
  );
  expect(equals).toBe("ec2nic fetch --format=json ");
});

testUnless(missingTool("zsh", "script"))("zsh offers the expected words", async () => {
  using folder = temporaryFolder();
  const cwd = await prepareFolder(folder.path);
  const done = await completeInZsh(join(folder.path, "shells"), lines, cwd);
  for (const [at, [line, offered]] of cases.entries()) {
    expect({ line, offered: done[at]?.map(plain) }).toEqual({ line, offered: [...offered] });
  }
});

testUnless(missingTool("fish"))("fish offers the expected words", async () => {
  using folder = temporaryFolder();
  const cwd = await prepareFolder(folder.path);
  const script = join(folder.path, "shells/ec2nic.fish");
  const env = { PATH: process.env["PATH"], HOME: folder.path, LANG: "C.UTF-8" };
  for (const [line, offered] of cases) {
    const argv = ["fish", "--no-config", "-c", `source ${script}; complete -C '${line}'`];
    const output = Bun.spawnSync(argv, { cwd, env }).stdout.toString().split("\n");
    const words = output.map((each) => each.split("\t")[0] ?? "").filter((word) => word !== "");
    // fish 4 also offers words that only contain the typed text, after those that begin with it
    const typed = line.split(/[ =]/).at(-1) ?? "";
    const matching = words
      .map(plain)
      .filter((word) => word.startsWith(typed) || word.includes("="));
    // fish also offers files if a file is one of several possible arguments
    const shown = [...new Set(matching)].toSorted();
    expect({ line, offered: shown }).toEqual({ line, offered: [...offered] });
  }
});

describe("the completion scripts", () => {
  test("contain every flag and every enumerated value of every subcommand", () => {
    const texts = [bashCompletion(model), zshCompletion(model), fishCompletion(model)];
    for (const { name, flags } of model) {
      for (const { name: flag, words } of flags) {
        for (const text of texts) {
          for (const word of [name, flag, ...words]) expect(text).toContain(word);
        }
      }
    }
  });
});

/** Whether a word counts: bash also offers flags where a case expects only other words. */
function isOffered(line: string, word: string): boolean {
  return !word.startsWith("--") || line.includes("--");
}

function plain(word: string): string {
  return word.replace(/\/$/, "");
}
