import { expect, test } from "bun:test";
import { fetchOnce } from "../kit/program/fetch-from.ts";

// terminals interpret these: ESC, 8-bit CSI, DEL, and bidirectional overrides (CVE-2021-42574)
const hostileText = "a\u001b]0;owned\u0007b\u009b31mc\u007fd\u202ee\u2066f";
// oxlint-disable-next-line no-control-regex -- control characters are what it searches for
const controlCharacters = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const tagged = { set: { "tags/instance/Name": hostileText } };

test("JSON output escapes the control characters of a tag, and parses back to the same value", async () => {
  for (const args of [["tags/instance/Name"], ["tags/instance"], []]) {
    const { code, text } = await fetchOnce(tagged, [...args, "--json"]);
    expect(code).toBe(0);
    expect(text).not.toMatch(controlCharacters);
    expect(JSON.stringify(JSON.parse(text))).toContain(JSON.stringify(hostileText).slice(1, -1));
  }
});

test("messages as text and as JSON escape control characters", async () => {
  const bad = { status: 200, kind: "status", body: `x\u009b31m\u202e\u0007/y` } as const;
  for (const format of [[], ["--log-format", "json"]]) {
    const faults = [{ match: "GET */tags/instance/", fault: bad }];
    const listed = await fetchOnce({ ...tagged, faults }, ["tags/instance", ...format]);
    const named = await fetchOnce({}, [hostileText, "-v", ...format]);
    expect(listed.code).toBe(0);
    expect(named.code).not.toBe(0);
    for (const { stderr } of [listed, named]) {
      expect(stderr).not.toMatch(controlCharacters);
      expect(stderr).toMatch(/\\u009b/);
    }
  }
});
