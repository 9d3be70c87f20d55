import { expect, test } from "bun:test";
import { readOtherFiles } from "../../../../src/inspect/machine/other-files.ts";
import { fakeFiles } from "../../../kit/host/fake-host.ts";

test("readOtherFiles reads the files of other programs in all directories, except unreadable ones", async () => {
  const others = {
    "/etc/netplan/50-cloud-init.yaml": "a",
    "/usr/lib/systemd/network/80-vendor.network": "b",
    "/run/NetworkManager/system-connections/lo.nmconnection": "c",
  };
  const files = fakeFiles({
    ...others,
    "/etc/netplan/50-cloud-init.yaml.bak": "not read by netplan",
    "/etc/systemd/network/99-default.link": "no network",
    "/etc/systemd/network/60-ec2nic-06ec2a000000.network": "ours",
    "/etc/netplan/99-secret.yaml": "unreadable",
  });
  const read = (path: string) =>
    path.includes("secret") ? Promise.reject(new Error("EACCES")) : files.read(path);
  const found = await readOtherFiles({ files: { ...files, read } });
  expect(Object.fromEntries(found.map(({ path, content }) => [path, content]))).toEqual(others);
});
