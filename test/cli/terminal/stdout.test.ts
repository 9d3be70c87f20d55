import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import { missingTool, testUnless } from "../../kit/basics/skip.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";

const mac = "06:ec:2a:00:00:00\n";
const oneMebibyte: Scenario = {
  userData: Uint8Array.from({ length: 1_048_576 }, (_, at) => at % 251),
};

/** Runs a script with "$@"; descriptor 9 is the shell's stderr, for the exit status. */
function aroundScript(script: string): { readonly around: readonly string[] } {
  return { around: ["sh", "-c", `exec 9>&2; ${script}`, "sh"] };
}

const printStatus = '; echo "status $?" >&9';

test.each([
  ["stdin closed", '"$@" <&-'],
  ["stderr closed", '"$@" 2>&-'],
  ["stdin and stderr closed", '"$@" <&- 2>&-'],
  ["stdin as a folder", '"$@" </'],
  ["stdout as a file", 'f=$(mktemp); "$@" >"$f"; s=$?; cat "$f"; rm "$f"; (exit $s)'],
  ["stdout as a pipe", '"$@" | cat'],
])("fetch prints the value with %s", async (_, script) => {
  const { text, code } = await fetchOnce({}, ["mac"], aroundScript(script));
  expect({ text, code }).toEqual({ text: mac, code: 0 });
});

test.each([
  // Bun opens /dev/null for a closed stream; such a descriptor is close-on-exec, a real one is not
  ["stdout closed", '"$@" >&-'],
  ["stdin, stdout and stderr closed", '"$@" <&- >&- 2>&-'],
  ["stdout opened for reading", '"$@" 1</dev/null'],
  ["stdout as /dev/full", '"$@" >/dev/full'],
])("fetch exits with 73 with %s", async (_, script) => {
  for (const [of, key] of [[{}, "mac"] as const, [oneMebibyte, "user-data"] as const]) {
    const { text, stderr } = await fetchOnce(of, [key], aroundScript(script + printStatus));
    expect(text).toBe("");
    expect(stderr).toEndWith("status 73\n");
    if (!script.includes("2>&-")) expect(stderr).toContain("ec2nic: stdout: could not be written");
  }
});

test("--help and --version exit with 73 if stdout is closed or full", async () => {
  for (const args of [["--help"], ["--version"]]) {
    for (const to of ["/dev/full", "&-"]) {
      const { stderr } = await fetchOnce({}, args, aroundScript(`"$@" >${to}${printStatus}`));
      expect(stderr).toEndWith("status 73\n");
    }
  }
});

test("a failed run keeps its exit status if stdout is closed", async () => {
  const args = ["nope", "--format", "env"];
  const { stderr } = await fetchOnce({}, args, aroundScript(`"$@" >&-${printStatus}`));
  expect(stderr).toEndWith("status 66\n");
});

test("--output works if stdout is closed", async () => {
  const script = `cd "$(mktemp -d)"; "$@" >&-${printStatus}; cat id >&2; rm -r "$PWD"`;
  const { stderr } = await fetchOnce({}, ["mac", "--output", "id"], aroundScript(script));
  expect(stderr).toBe(`status 0\n${mac}`);
});

// like any program that gets EPIPE; a script with pipefail notices it
test.each([
  ["the reader has exited", '{ "$@"; echo "status $?" >&9; } | true'],
  ["the reader reads one byte", '{ "$@"; echo "status $?" >&9; } | head -c 1 >/dev/null'],
])("fetch of 1 MiB exits with 73 if %s", async (_, script) => {
  const { stderr } = await fetchOnce(oneMebibyte, ["user-data"], aroundScript(script));
  expect(stderr).toContain("status 73\n");
});

test("fetch writes 1 MiB completely through a slow pipe", async () => {
  const script = '"$@" | { sleep 0.2; head -c 70000; sleep 0.2; cat; }';
  const { stdout, code } = await fetchOnce(oneMebibyte, ["user-data"], aroundScript(script));
  expect(code).toBe(0);
  expect(Buffer.compare(stdout, oneMebibyte.userData as Uint8Array)).toBe(0);
});

const nonBlocking =
  "import os,sys; os.set_blocking(1, False); os.execvp(sys.argv[1], sys.argv[1:])";

testUnless(missingTool("python3"))(
  "fetch writes 1 MiB completely through a non-blocking pipe",
  async () => {
    const script = `python3 -c '${nonBlocking}' "$@" | { sleep 0.2; cat; }`;
    const { stdout } = await fetchOnce(oneMebibyte, ["user-data"], aroundScript(script));
    expect(Buffer.compare(stdout, oneMebibyte.userData as Uint8Array)).toBe(0);
  },
);
