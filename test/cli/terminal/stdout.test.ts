import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import { missingTool, testUnless } from "../../kit/basics/skip.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";

const mac = "06:ec:2a:00:00:00\n";
const big: Scenario = { userData: Uint8Array.from({ length: 1_048_576 }, (_, at) => at % 251) };

/** "$@" with its streams as the script has them; its status is told on the shell's own stderr. */
function streams(script: string): { readonly around: readonly string[] } {
  return { around: ["sh", "-c", `exec 9>&2; ${script}`, "sh"] };
}

const status = '; echo "status $?" >&9';

test.each([
  ["stdin closed", '"$@" <&-'],
  ["stderr closed", '"$@" 2>&-'],
  ["stdin and stderr closed", '"$@" <&- 2>&-'],
  ["stdin a folder", '"$@" </'],
  ["stdout a file", 'f=$(mktemp); "$@" >"$f"; s=$?; cat "$f"; rm "$f"; (exit $s)'],
  ["stdout a pipe", '"$@" | cat'],
])("%s: the value", async (_, script) => {
  const { text, code } = await fetchOnce({}, ["mac"], streams(script));
  expect({ text, code }).toEqual({ text: mac, code: 0 });
});

test.each([
  // Bun opens /dev/null where a stream is closed: what tells it apart is that it is close-on-exec
  ["stdout closed", '"$@" >&-'],
  ["all three closed", '"$@" <&- >&- 2>&-'],
  ["stdout only for reading", '"$@" 1</dev/null'],
  ["/dev/full", '"$@" >/dev/full'],
])("%s, and data to print: 73, never 0", async (_, script) => {
  for (const [of, key] of [[{}, "mac"] as const, [big, "user-data"] as const]) {
    const { text, stderr } = await fetchOnce(of, [key], streams(script + status));
    expect(text).toBe("");
    expect(stderr).toEndWith("status 73\n");
    if (!script.includes("2>&-")) expect(stderr).toContain("ec2nic: stdout: could not be written");
  }
});

test("help and version into /dev/full or nowhere: 73", async () => {
  for (const args of [["--help"], ["--version"]]) {
    for (const to of ["/dev/full", "&-"]) {
      const { stderr } = await fetchOnce({}, args, streams(`"$@" >${to}${status}`));
      expect(stderr).toEndWith("status 73\n");
    }
  }
});

test("a failure with stdout closed keeps its own status", async () => {
  const args = ["nope", "--format", "env"];
  const { stderr } = await fetchOnce({}, args, streams(`"$@" >&-${status}`));
  expect(stderr).toEndWith("status 66\n");
});

test("--output and -- COMMAND need no stdout", async () => {
  const script = `cd "$(mktemp -d)"; "$@" >&-${status}; cat id >&2; rm -r "$PWD"`;
  const { stderr } = await fetchOnce({}, ["mac", "--output", "id"], streams(script));
  expect(stderr).toBe(`status 0\n${mac}`);
});

// like any program that is told EPIPE: with pipefail a script sees it
test.each([
  ["a reader that is gone", '{ "$@"; echo "status $?" >&9; } | true'],
  ["a reader that takes one byte", '{ "$@"; echo "status $?" >&9; } | head -c 1 >/dev/null'],
])("%s, and 1 MiB to print: 73", async (_, script) => {
  const { stderr } = await fetchOnce(big, ["user-data"], streams(script));
  expect(stderr).toContain("status 73\n");
});

test("1 MiB through a slow pipe is whole", async () => {
  const script = '"$@" | { sleep 0.2; head -c 70000; sleep 0.2; cat; }';
  const { stdout, code } = await fetchOnce(big, ["user-data"], streams(script));
  expect(code).toBe(0);
  expect(Buffer.compare(stdout, big.userData as Uint8Array)).toBe(0);
});

const nonBlocking =
  "import os,sys; os.set_blocking(1, False); os.execvp(sys.argv[1], sys.argv[1:])";

testUnless(missingTool("python3"))("a pipe that does not block is waited for, too", async () => {
  const script = `python3 -c '${nonBlocking}' "$@" | { sleep 0.2; cat; }`;
  const { stdout } = await fetchOnce(big, ["user-data"], streams(script));
  expect(Buffer.compare(stdout, big.userData as Uint8Array)).toBe(0);
});
