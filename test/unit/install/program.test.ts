import { expect, test } from "bun:test";
import { pathBelowRoot, unsuitableReason } from "../../../src/install/program.ts";

test.each(["/usr/local/bin/ec2nic", "/usr/bin/ec2nic", "/opt/ec2nic-1.2/ec2nic", "/homes/ec2nic"])(
  "units can start %s",
  (program) => expect(unsuitableReason(program)).toBeNull(),
);

test.each([
  ["/tmp/ec2nic", "is temporary"],
  ["/var/tmp/x/ec2nic", "is temporary"],
  ["/run/ec2nic/ec2nic", "is temporary"],
  ["/dev/shm/ec2nic", "is temporary"],
  ["/home/admin/ec2nic", "units cannot see"],
  ["/root/ec2nic", "units cannot see"],
  ["/opt/my programs/ec2nic", "without blanks"],
  ["/usr/bin/ec2nic (deleted)", "without blanks"],
  ["/usr/bin/%n", "without blanks"],
  ["/usr/bin/$x", "without blanks"],
  ["ec2nic", "without blanks"],
])("units cannot start %s", (program, why) => expect(unsuitableReason(program)).toContain(why));

test.each([
  ["/mnt/image", "/mnt/image/usr/bin/ec2nic", "/usr/bin/ec2nic"],
  ["/mnt/image//", "/mnt/image/usr/bin/ec2nic", "/usr/bin/ec2nic"],
  ["/mnt/./other/../image", "/mnt/image/ec2nic", "/ec2nic"],
  ["/mnt/image", "/mnt/image2/ec2nic", null],
  ["/mnt/image", "/usr/bin/ec2nic", null],
])("below %s, %s is %p", (root, program, below) => {
  expect(pathBelowRoot(root, program)).toBe(below);
});
