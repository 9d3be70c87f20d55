import { describe, expect } from "bun:test";
import { goldenCases, treeOf } from "../../kit/files/golden-case.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import { testUnless } from "../../kit/basics/skip.ts";

/**
 * Gives the profiles of every golden case to NetworkManager's library. `nmcli --offline` (since 1.38)
 * connects to no daemon and changes nothing. It prints the settings that it has understood and drops
 * others without a message, so every setting must be in its output. nmcli is in the machines' root
 * file system, because NetworkManager must not be installed where the tests run.
 */
const missing = machineMissing();
const readTest = testUnless(missing);
const root = missing === null ? await rootFileSystem("bookworm") : "";

const folder = "expected/network-manager/etc/NetworkManager/system-connections";

/** Reads a profile with nmcli, and returns the settings that it has understood. */
function readProfile(profile: string) {
  const nmcli = ["chroot", root, "nmcli", "--offline"];
  const argv = [...nmcli, "connection", "modify", "connection.zone", ""];
  const run = Bun.spawnSync(argv, { stdin: Buffer.from(profile), stderr: "pipe" });
  return { code: run.exitCode, stderr: run.stderr.toString(), keys: keysOf(run.stdout.toString()) };
}

/** `section.key=value` of each line, with the words of a value sorted, and no length of 32 or 128. */
function keysOf(text: string): readonly string[] {
  const blocks = text.split(/^(?=\[)/m).map((block) => block.split("\n"));
  return blocks.flatMap(([head = "", ...lines]) =>
    lines.flatMap((line) => {
      const [, key, value = ""] = /^([\w.-]+)=(.*)$/.exec(line) ?? [];
      const words = value.replaceAll(/\/(?:32|128)\b/g, "").split(/[ ,]/);
      return key === undefined ? [] : `${head.slice(1, -1)}.${key}=${words.toSorted().join(" ")}`;
    }),
  );
}

describe("NetworkManager understands every setting of the profile", async () => {
  for (const golden of await goldenCases()) {
    const profiles = Object.entries(await treeOf(`${golden.folder}/${folder}`));
    for (const [path, text] of profiles.filter(([name]) => name.startsWith("/ec2nic-"))) {
      readTest(`${golden.name}${path}`, async () => {
        const { code, stderr, keys } = readProfile(text);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(keysOf(text).filter((key) => !keys.includes(key))).toEqual([]);
      });
    }
  }

  readTest("and drops an unknown setting, so that the tests above can fail", async () => {
    const rule = "routing-rule1=priority 1 from 10.0.1.20 table 1 suppress_prefix 0";
    const text = `[connection]\nid=x\ntype=ethernet\n\n[ipv4]\nmethod=auto\n${rule}\n`;
    expect(readProfile(text).keys.filter((key) => key.includes("routing-rule"))).toEqual([]);
  });
});
