import { expect, test } from "bun:test";
import { chooseRuleStyle } from "../../../../src/plan/backend/choose-rule-style.ts";

// `SuppressInterfaceGroup=` is new in systemd 250; Ubuntu 22.04 has 249, bookworm and AL2023 252.
test.each([
  ["networkd", null, 252, "group"],
  ["networkd", null, 250, "group"],
  ["networkd", null, 249, "prefix"],
  ["networkd", null, null, "prefix"],
  ["netplan", "networkd", 257, "group"],
  ["netplan", "networkd", 249, "prefix"],
  ["netplan", "NetworkManager", 257, "prefix"],
  ["network-manager", null, 257, "prefix"],
] as const)("%s (renderer %s) with systemd %s: %s", (backend, renderer, version, style) => {
  const chosen = chooseRuleStyle({ backend, renderer }, version);
  expect(chosen.ruleStyle).toBe(style);
  expect(chosen.reason).toContain(style === "group" ? "link group" : "prefix");
});
