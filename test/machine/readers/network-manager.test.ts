import { describe, expect } from "bun:test";
import { goldenCases, treeOf } from "../../kit/files/golden-case.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import { testUnless } from "../../kit/basics/skip.ts";

/**
 * The profiles of every golden case, read by NetworkManager's own library. `nmcli --offline` talks to
 * no daemon and changes nothing; it prints what it has understood, and drops the rest without a
 * word, so that everything has to come back. Since 1.38. It lies in the machines' root file system:
 * NetworkManager must not be installed where the tests run.
 */
const missing = machineMissing();
const readTest = testUnless(missing);
const root = missing === null ? await rootFileSystem("bookworm") : "";

const folder = "expected/network-manager/etc/NetworkManager/system-connections";

/** What it has understood of a profile. */
function understood(profile: string) {
  const nmcli = ["chroot", root, "nmcli", "--offline"];
  const argv = [...nmcli, "connection", "modify", "connection.zone", ""];
  const run = Bun.spawnSync(argv, { stdin: Buffer.from(profile), stderr: "pipe" });
  return { code: run.exitCode, said: run.stderr.toString(), keys: keysOf(run.stdout.toString()) };
}

/** `section.key=value`; words of a value in any order, single addresses without their length. */
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

describe("NetworkManager understands the profile", async () => {
  for (const golden of await goldenCases()) {
    const profiles = Object.entries(await treeOf(`${golden.folder}/${folder}`));
    for (const [path, text] of profiles.filter(([name]) => name.startsWith("/ec2nic-"))) {
      readTest(`${golden.name}${path}`, async () => {
        const { code, said, keys } = understood(text);
        expect({ code, said }).toEqual({ code: 0, said: "" });
        expect(keysOf(text).filter((key) => !keys.includes(key))).toEqual([]);
      });
    }
  }

  readTest("and drops what it does not, so that the tests above can fail", async () => {
    const rule = "routing-rule1=priority 1 from 10.0.1.20 table 1 suppress_prefix 0";
    const text = `[connection]\nid=x\ntype=ethernet\n\n[ipv4]\nmethod=auto\n${rule}\n`;
    expect(understood(text).keys.filter((key) => key.includes("routing-rule"))).toEqual([]);
  });
});
