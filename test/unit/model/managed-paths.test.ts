import { expect, test } from "bun:test";
import { backends } from "../../../src/model/plan.ts";
import { macOfManagedPath, managedPath } from "../../../src/model/managed-paths.ts";

test.each([...backends])("%s: macOfManagedPath returns the MAC of managedPath", (backend) => {
  const path = managedPath(backend, "06:aa:bb:cc:dd:01");
  expect(path).toContain("06aabbccdd01");
  expect(macOfManagedPath(path)).toBe("06:aa:bb:cc:dd:01");
});

test.each([
  "/etc/netplan/50-cloud-init.yaml",
  "/etc/netplan/60-ec2nic-06aabbccdd0.yaml",
  "/etc/netplan/60-ec2nic-06aabbccdd011.yaml",
  "/etc/netplan/60-ec2nic-06AABBCCDD01.yaml",
  "/etc/netplan/60-ec2nic-06aabbccdd01.yaml.bak",
  "/etc/netplan/60-ec2nic-.yaml",
  "/run/netplan/60-ec2nic-06aabbccdd01.yaml",
  "/etc/systemd/network/60-ec2nic-06aabbccdd01.network.d",
])("%s is no managed path", (path) => expect(macOfManagedPath(path)).toBeNull());
