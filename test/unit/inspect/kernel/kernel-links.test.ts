import { expect, test } from "bun:test";
import type { Exec } from "../../../../src/host/host.ts";
import { readKernel } from "../../../../src/inspect/kernel/kernel-state.ts";

/** An `ip` that prints this list for one command, and an empty list for the others. */
function ipWith(command: string, list: readonly object[]): Exec {
  return async (argv) => {
    const stdout = argv.join(" ") === command ? JSON.stringify(list) : "[]";
    return { code: 0, isStarted: true, stdout, stderr: "" };
  };
}

test("links have a group; the name of a group is not known", async () => {
  const numbers = [
    { ifname: "a", group: "10000" },
    { ifname: "b", group: "default" },
    { ifname: "c" },
  ];
  const exec = ipWith("ip -N -json address show", [...numbers, { ifname: "d", group: "dmz" }, {}]);
  expect((await readKernel({ exec })).links).toEqual([
    { name: "a", group: 10_000 },
    { name: "b", group: 0 },
    { name: "c", group: 0 },
    { name: "d", group: null },
  ]);
});

test("a route of type throw has no link", async () => {
  const thrown = { type: "9", dst: "2001:db8:a::/80", dev: "lo", table: "10001", metric: 1024 };
  const exec = ipWith("ip -N -json -details -6 route show table all", [thrown]);
  const hop = { type: "throw", gateway: null, link: null } as const;
  const numbers = { table: 10_001, metric: 1024 };
  expect((await readKernel({ exec })).routes).toEqual([
    { family: 6, destination: "2001:db8:a::/80", ...hop, ...numbers },
  ]);
});
