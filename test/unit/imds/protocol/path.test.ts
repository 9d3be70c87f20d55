import { expect, test } from "bun:test";
import { tryLimitMs } from "../../../../src/imds/protocol/path.ts";
import { linkState } from "../../../kit/facts/link-states.ts";

// systemd-imdsd took up to 3 s for an answer on a slow processor; the limit of a try is 2 s.
test("a try through systemd-imdsd has more time than a direct one", () => {
  expect(tryLimitMs(2000, { via: { kind: "imdsd" } })).toBe(8000);
  expect(tryLimitMs(2000, { via: { kind: "routing" } })).toBe(2000);
  const nic = { kind: "nic", link: linkState("ens5", []), needsLease: false } as const;
  expect(tryLimitMs(2000, { via: nic })).toBe(2000);
});
