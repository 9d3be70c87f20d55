import { expect, test } from "bun:test";
import { fetchOnce } from "../kit/program/fetch-from.ts";

// what xterm and others obey: ESC, CSI in 8 bits, DEL, what turns text around (CVE-2021-42574)
const nasty = "a\u001b]0;owned\u0007b\u009b31mc\u007fd\u202ee\u2066f";
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const tagged = { set: { "tags/instance/Name": nasty } };

test("a tag steers no terminal through JSON, and comes back from it as it is", async () => {
  for (const args of [["tags/instance/Name"], ["tags/instance"], []]) {
    const { code, text } = await fetchOnce(tagged, [...args, "--json"]);
    expect(code).toBe(0);
    expect(text).not.toMatch(obeyed);
    expect(JSON.stringify(JSON.parse(text))).toContain(JSON.stringify(nasty).slice(1, -1));
  }
});

test("nor does what is said, as text or as JSON", async () => {
  const bad = { status: 200, kind: "status", body: `x\u009b31m\u202e\u0007/y` } as const;
  for (const format of [[], ["--log-format", "json"]]) {
    const faults = [{ match: "GET */tags/instance/", fault: bad }];
    const listed = await fetchOnce({ ...tagged, faults }, ["tags/instance", ...format]);
    const named = await fetchOnce({}, [nasty, "-v", ...format]);
    for (const { code, stderr } of [listed, named]) {
      expect(code).not.toBe(0);
      expect(stderr).not.toMatch(obeyed);
      expect(stderr).toMatch(/\\u009b/);
    }
  }
});
