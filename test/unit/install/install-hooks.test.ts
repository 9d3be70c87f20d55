import { expect, test } from "bun:test";
import { install } from "../../../src/install/install.ts";
import { imageHost, makeClients, treeBelow } from "../../kit/files/image.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

const options = { program: "/usr/local/bin/ec2nic", withDhcpHooks: true, dryRun: false };

test("install writes the hooks of every installed client, and removes them without --from-dhcp", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  await makeClients(root);
  await install(imageHost(root), { ...options, withDhcpHooks: false });
  const without = await treeBelow(root);
  const plan = await install(imageHost(root), options);
  const hooks = [
    "/etc/dhcp/dhclient-exit-hooks.d/ec2nic",
    "/usr/lib/dhcpcd/dhcpcd-hooks/95-ec2nic",
    "/etc/udhcpc/ec2nic.script",
    "/etc/NetworkManager/dispatcher.d/90-ec2nic",
    "/etc/systemd/system/ec2nic-lease.path",
    "/etc/systemd/system/ec2nic-lease.service",
  ];
  const changed = "/etc/ec2nic.folders"; // it lists /etc/udhcpc, which did not exist
  expect(plan.write.map(({ path }) => path)).toEqual([changed, ...hooks]);
  expect(plan.notes.join()).toContain("-s /etc/udhcpc/ec2nic.script");
  const again = await install(imageHost(root), { ...options, withDhcpHooks: false });
  expect(again.remove.toSorted()).toEqual(
    [...hooks, "/etc/systemd/system/paths.target.wants/ec2nic-lease.path"].toSorted(),
  );
  expect(again.notes.join()).toContain("--from-dhcp keeps them");
  const left = (await treeBelow(root)).filter((line) => !/udhcpc|folders|paths\.t/.test(line));
  expect(left).toEqual(without.filter((line) => !/udhcpc|folders/.test(line)));
});
