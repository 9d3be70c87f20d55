import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { marksIn, withRecordings } from "../../scripts/record/recorded.ts";
import { steady } from "../../scripts/record/steady.ts";
import { repository } from "../kit/program/run-ec2nic.ts";

/** Only a scene that hangs reaches it; a busy machine needs many minutes for all of them. */
setDefaultTimeout(1_800_000);

test("the recordings in the documents are the program's current output", async () => {
  const argv = [process.execPath, join(repository, "scripts/record.ts"), "--check"];
  const child = Bun.spawn(argv, { cwd: repository, stdio: ["ignore", "pipe", "inherit"] });
  const output = await child.stdout.text();
  expect({ code: await child.exited, output }).toEqual({
    code: 0,
    output: expect.stringMatching(/\d+ of \d+ scenes were run\n$/),
  });
});

const block = "<!-- recorded: a -->\n\n```console\n$ old\n```\n";

test("withRecordings replaces the block below the mark, also with replacement patterns", () => {
  const text = `x\n\n${block}\ny\n\n${block.replace(": a", ": b")}`;
  expect(marksIn(text)).toEqual(["a", "b"]);
  const fresh = withRecordings(text, new Map([["a", "$ new\n$& $1\n"]]));
  expect(fresh).toBe(text.replace("$ old\n", () => "$ new\n$& $1\n"));
});

test("steady replaces measured times and ports with fixed ones", () => {
  expect(steady("ok, 7 ms\r\n(0 ms) trying again in 87 ms; 3.52 s")).toBe(
    "ok, 1 ms\n(1 ms) trying again in 150 ms; 3 s",
  );
  expect(steady("after 3.1 s, 4.9 s, 8.2 s and 30.7 s", [4, 8])).toBe(
    "after 4 s, 4 s, 8 s and 30 s",
  );
  expect(steady("http://127.0.0.1:40123/ (11 tries in 1.98 s)")).toBe(
    "http://127.0.0.1:8169/ (5 tries in 2 s)",
  );
});
