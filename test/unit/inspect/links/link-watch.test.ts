import { expect, test } from "bun:test";
import { createLinkStateCache } from "../../../../src/inspect/links/link-states.ts";
import type { LinkAddress } from "../../../../src/model/link.ts";
import { linkAddress } from "../../../kit/facts/link-states.ts";
import { type SysFolder, sysfs } from "../../../kit/host/sysfs.ts";

const nic = { type: "1\n", flags: "0x1003\n", address: "06:aa:bb:cc:dd:01\n", carrier: "1\n" };

test("createLinkStateCache reads links again only where a name or an address changed", async () => {
  let folders: SysFolder = { a: nic };
  let addresses: readonly LinkAddress[] = [];
  let reads = 0;
  const files = {
    ...sysfs({}),
    list: (path: string) => sysfs(folders).list(path),
    stat: (path: string) => sysfs(folders).stat(path),
    read: (path: string) => {
      reads += 1;
      return sysfs(folders).read(path);
    },
  };
  const readCached = createLinkStateCache({ files, addresses: () => addresses });
  const readsOf = async (): Promise<number> => {
    reads = 0;
    await readCached();
    return reads;
  };
  expect(await readsOf()).toBeGreaterThan(0);
  expect(await readsOf()).toBe(0);
  addresses = [linkAddress("a", "10.0.0.1")];
  expect(await readsOf()).toBeGreaterThan(0);
  expect((await readCached())[0]?.addresses).toEqual([...addresses]);
  folders = { a: nic, b: nic };
  expect((await readCached()).map(({ name }) => name)).toEqual(["a", "b"]);
  expect(await readsOf()).toBe(0);
});
