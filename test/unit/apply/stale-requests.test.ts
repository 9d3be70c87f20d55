import { expect, test } from "bun:test";
import { removeStaleRequests } from "../../../src/apply/leader.ts";
import { fakeFiles } from "../../kit/host/fake-host.ts";

test("removeStaleRequests removes the requests and answers of ended processes, and keeps the lock and the others", async () => {
  const folder = "/run/ec2nic/batch";
  const names = ["lock", "11.wish", "11.answer", "12.wish", "13.wish", "13.answer"];
  const there = names.map((name) => [`${folder}/${name}`, ""] as const);
  const files = fakeFiles({ "/proc/11": "", ...Object.fromEntries(there) });
  await removeStaleRequests({ files });
  const left = [...files.there.keys()].filter((path) => path.startsWith(folder));
  expect(left).toEqual(["lock", "11.wish", "11.answer"].map((name) => `${folder}/${name}`));
});
