import { expect, test } from "bun:test";
import { readNetworkdLeases } from "../../../../src/inspect/machine/networkd-leases.ts";

const files: Readonly<Record<string, string>> = {
  "/sys/class/net/ens5/ifindex": "2\n",
  "/sys/class/net/ens6/ifindex": "12\n",
  "/run/systemd/netif/leases/12": "ADDRESS=10.0.1.10\n",
  "/run/systemd/netif/leases/99": "ADDRESS=10.0.9.10\n",
};
const host = {
  files: {
    list: async (folder: string) => [
      ...new Set(
        Object.keys(files)
          .filter((path) => path.startsWith(`${folder}/`))
          .map((path) => path.slice(folder.length + 1).split("/")[0] ?? ""),
      ),
    ],
    read: async (path: string) => {
      const text = files[path];
      return text === undefined ? null : new TextEncoder().encode(text);
    },
  } as never,
};

test("readNetworkdLeases returns each lease with the name of its link, and no lease without a link", async () => {
  expect(await readNetworkdLeases(host)).toEqual([{ nic: "ens6", text: "ADDRESS=10.0.1.10\n" }]);
});
