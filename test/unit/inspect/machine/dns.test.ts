import { expect, test } from "bun:test";
import { inspectDns } from "../../../../src/inspect/machine/dns.ts";
import { fakeFiles } from "../../../kit/host/fake-host.ts";

const main = "/etc/NetworkManager/NetworkManager.conf";
const [vendor, runtime, admin] = ["/usr/lib", "/run", "/etc"].map(
  (parent) => `${parent}/NetworkManager/conf.d/10.conf`,
) as [string, string, string];
const ours = "/etc/NetworkManager/conf.d/90-ec2nic-dns.conf";

const settingOf = async (texts: Readonly<Record<string, string>>) =>
  (await inspectDns({ files: fakeFiles(texts) }, true)).setting;

test.each([
  ["none", {}, null],
  ["ours", { [ours]: "[main]\ndns=none\n" }, null],
  ["one in another section", { [main]: "[main]\nplugins=keyfile\n[connection]\ndns=x\n" }, null],
  ["a comment", { [main]: "[main]\n#dns=none\n" }, null],
  [
    "one in [main]",
    { [main]: "[device]\nx=1\n[main]\n dns = none\n" },
    { path: main, text: "dns=none" },
  ],
  [
    "the last one of a file",
    { [main]: "[main]\ndns=none\nrc-manager=file\n" },
    { path: main, text: "rc-manager=file" },
  ],
  [
    "that of the main file before a vendor's and a temporary one",
    { [vendor]: "[main]\ndns=a\n", [runtime]: "[main]\ndns=b\n", [main]: "[main]\ndns=c\n" },
    { path: main, text: "dns=c" },
  ],
  [
    "that of an admin's drop-in before the main file's",
    { [main]: "[main]\ndns=c\n", [admin]: "[main]\ndns=d\n" },
    { path: admin, text: "dns=d" },
  ],
  [
    "a temporary one before a vendor's",
    { [vendor]: "[main]\ndns=a\n", [runtime]: "[main]\ndns=b\n" },
    { path: runtime, text: "dns=b" },
  ],
])("the setting of NetworkManager's DNS: %s", async (_, texts, setting) => {
  expect(await settingOf(texts)).toEqual(setting);
});

test("resolv.conf is absent, a file, or a link with its target", async () => {
  const path = "/etc/resolv.conf";
  const files = fakeFiles({ [path]: "nameserver 10.0.0.2\n" });
  const read = async (changes: object, from = files) =>
    (await inspectDns({ files: { ...from, ...changes } }, true)).resolvConf;
  expect(await read({}, fakeFiles())).toBeNull();
  expect(await read({})).toEqual({ target: null, text: "nameserver 10.0.0.2\n" });
  const link = { kind: "link", mode: 0o777, uid: 0, inode: 1 } as const;
  const toStub = { stat: async () => link, readLink: async () => "../run/stub" };
  expect(await read(toStub)).toEqual({ target: "../run/stub", text: "nameserver 10.0.0.2\n" });
  const dangling = { ...toStub, read: () => Promise.reject(new Error("EACCES")) };
  expect(await read(dangling)).toEqual({ target: "../run/stub", text: "" });
});
