import { expect, test } from "bun:test";
import { readTree } from "../../../../src/imds/metadata/tree.ts";
import type { ImdsSession } from "../../../../src/imds/session.ts";
import { fakeLog } from "../../../kit/host/fake-host.ts";

/** A service whose folders each list `names`; it records the requests. */
function listing(names: readonly string[]) {
  const asked: string[] = [];
  const body = new TextEncoder().encode(names.join("\n"));
  const get: ImdsSession["get"] = async (path, options) => {
    asked.push(path.join("/"));
    await Promise.resolve();
    return options?.asFolder === true ? body : new TextEncoder().encode("value");
  };
  const never = () => Promise.reject(new Error("it is not called"));
  const stats = () => ({ endpoint: null, interface: null, through: null, requests: 0, retries: 0 });
  const session: ImdsSession = {
    get,
    tryGet: never,
    stats,
    deadlineMs: 0,
    retries: 0,
    close: never,
  };
  return { session, asked };
}

const options = { withSecrets: true, awaitAbsent: false, nameSecrets: false };

// Each name that waits to be read costs memory: 50 answers with 20,000 folders took 2 GB.
test("readTree throws DATAERR for a tree without end after 10,000 names", async () => {
  const { session, asked } = listing(Array.from({ length: 101 }, (_, at) => `${at}/`));
  const read = readTree({ log: fakeLog() }, session, ["meta-data"], options);
  await expect(read).rejects.toMatchObject({ kind: "DATAERR" });
  await expect(read).rejects.toThrow("more than 10000 names");
  expect(asked.length).toBeLessThan(11_000);
});

test("readTree throws DATAERR for folders that are nested without end, at 16 levels", async () => {
  const { session } = listing(["a/"]);
  const read = readTree({ log: fakeLog() }, session, ["meta-data"], options);
  await expect(read).rejects.toThrow("more than 16 folders deep");
});

test("readTree reads a tree of a thousand leaves", async () => {
  const { session } = listing(Array.from({ length: 1000 }, (_, at) => `${at}`));
  const tree = await readTree({ log: fakeLog() }, session, ["meta-data"], options);
  expect(Object.keys(tree?.tree ?? {})).toHaveLength(1000);
});
