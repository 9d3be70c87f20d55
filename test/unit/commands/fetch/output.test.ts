import { expect, test } from "bun:test";
import type { ExecOptions, Host } from "../../../../src/host/host.ts";
import { fakeFiles } from "../../../kit/host/fake-host.ts";
import { fetchInMemory } from "../../../kit/imds/fetch-in-memory.ts";

test.each([
  ["#!/bin/sh", "#!/bin/sh"],
  ["#!/bin/sh\n", "#!/bin/sh\n"],
])("user-data %p is printed unchanged", async (userData, printed) => {
  expect((await fetchInMemory({ userData }, ["user-data"])).text).toBe(printed);
});

test.each([
  ["a", "a\n"],
  ["ends\n", "ends\n"],
  ["", "\n"],
])("the tag %p is printed with one newline", async (tag, printed) => {
  const { text } = await fetchInMemory({ tags: { t: tag } }, ["tags/instance/t"]);
  expect(text).toBe(printed);
});

test("a value that is not text is printed byte for byte, and rejected as json and env", async () => {
  const of = { set: { profile: Uint8Array.of(0xff, 0) } };
  expect([...(await fetchInMemory(of, ["profile"])).stdout]).toEqual([0xff, 0, 0x0a]);
  for (const [format, problem] of [
    ["json", "profile: its value is not text"],
    ["env", "profile has a NUL byte, which a variable cannot contain"],
  ] as const) {
    const run = await fetchInMemory(of, ["profile", "--format", format]);
    expect(run).toMatchObject({ code: 65, text: "" });
    expect(run.message).toContain(problem);
  }
});

test("--output writes a file with mode 0600, and nothing to stdout", async () => {
  const files = fakeFiles({ "/id": "old" });
  expect(await fetchInMemory({}, ["mac", "--output", "/id"], { files })).toMatchObject({
    code: 0,
    text: "",
  });
  expect(files.there.get("/id")).toMatchObject({ mode: 0o600 });
  expect(new TextDecoder().decode(files.there.get("/id")?.content)).toBe("06:ec:2a:00:00:00\n");
});

test("--output replaces no link", async () => {
  const files = fakeFiles();
  files.there.set("/id", { content: new Uint8Array(), mode: 0o777, kind: "link" });
  const { code, message } = await fetchInMemory({}, ["mac", "--output", "/id"], { files });
  expect([code, message]).toEqual([73, expect.stringContaining("/id: not a regular file\n")]);
  expect(files.there.get("/id")?.kind).toBe("link");
});

test.each([
  [0, true, null],
  [3, true, null],
  [127, true, null],
  [127, false, "error: cmd: there is no such command"],
  [126, false, "error: cmd: it cannot be executed"],
])("COMMAND with the status %d, started: %p", async (status, isStarted, error) => {
  const runs: unknown[] = [];
  const exec: Host["exec"] = async (argv: readonly string[], options?: ExecOptions) => {
    runs.push([argv, options?.env, options?.stdio]);
    return { code: status, isStarted, stdout: "", stderr: "" };
  };
  const { code, text, logged } = await fetchInMemory({}, ["mac", "--", "cmd", "-v"], { exec });
  expect([code, text]).toEqual([status, ""]);
  expect(runs).toEqual([[["cmd", "-v"], { EC2_MAC: "06:ec:2a:00:00:00" }, "inherit"]]);
  expect(logged).toEqual(error === null ? [] : [error]);
});
