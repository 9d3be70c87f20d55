import { describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { install } from "../../../src/install/install.ts";
import { imageHost, makeClients, treeBelow as snapshot } from "../../kit/files/image.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

const program = "/usr/local/bin/ec2nic";
const options = { program, withDhcpHooks: true, dryRun: false };
const undo = { program: null, withDhcpHooks: false, dryRun: false };

const unit = "etc/systemd/system/ec2nic-local.service";
const roots: Readonly<Record<string, (root: string) => Promise<unknown>>> = {
  "an empty root": async () => undefined,
  "a root with some of the folders": async (root) => {
    await mkdir(join(root, "etc/udev/rules.d"), { recursive: true });
    await mkdir(join(root, "etc/systemd/system/multi-user.target.wants"), { recursive: true });
  },
  "a root with files of other programs": async (root) => {
    await mkdir(join(root, "etc/ec2nic"), { recursive: true });
    await writeFile(join(root, "etc/ec2nic/unmanaged"), "ens9\n");
    await mkdir(join(root, "etc/systemd/system/timers.target.wants"), { recursive: true });
    await writeFile(join(root, "etc/systemd/system/timers.target.wants/a.timer"), "");
    await mkdir(join(root, "etc/systemd/system/ec2nic-repair.timer.d"), { recursive: true });
    await writeFile(join(root, "etc/systemd/system/ec2nic-repair.timer.d/x.conf"), "[Timer]\n");
  },
  "a root with every DHCP client, /usr merged": makeClients,
  "a root whose /usr is not merged": async (root) => {
    await mkdir(join(root, "lib/dhcpcd/dhcpcd-hooks"), { recursive: true });
  },
  "a root where a unit is masked": async (root) => {
    await mkdir(join(root, "etc/systemd/system"), { recursive: true });
    await symlink("/dev/null", join(root, unit));
  },
  "a root where another program has a unit of that name": async (root) => {
    await mkdir(join(root, "etc/systemd/system"), { recursive: true });
    await writeFile(join(root, unit), "[Unit]\n");
  },
};

describe.each(Object.entries(roots))("%s", (_, prepare) => {
  test("has the same paths, modes and contents after --uninstall as before --install", async () => {
    using folder = temporaryFolder();
    const root = folder.path;
    await prepare(root);
    const before = await snapshot(root);
    const plan = await install(imageHost(root), options);
    expect(plan.write.length).toBeGreaterThan(5);
    expect(await snapshot(root)).not.toEqual(before);
    await install(imageHost(root), undo);
    expect(await snapshot(root)).toEqual(before);
  });

  test("is not changed by a second --install or a second --uninstall", async () => {
    using folder = temporaryFolder();
    const root = folder.path;
    await prepare(root);
    await install(imageHost(root), options);
    const after = await snapshot(root);
    const again = await install(imageHost(root), options);
    expect([...again.write, ...again.links, ...again.remove, ...again.steps]).toEqual([]);
    expect(await snapshot(root)).toEqual(after);
    await install(imageHost(root), undo);
    const gone = await install(imageHost(root), undo);
    expect([...gone.remove, ...gone.removeDirectories, ...gone.steps]).toEqual([]);
  });

  test("is not changed by --dry-run, which returns the same plan", async () => {
    using folder = temporaryFolder();
    const root = folder.path;
    await prepare(root);
    const before = await snapshot(root);
    const planned = await install(imageHost(root), { ...options, dryRun: true });
    expect(await snapshot(root)).toEqual(before);
    expect(await install(imageHost(root), options)).toEqual(planned);
    const installed = await snapshot(root);
    await install(imageHost(root), { ...undo, dryRun: true });
    expect(await snapshot(root)).toEqual(installed);
  });
});

test("--install and --uninstall remove the files of an older version", async () => {
  const old = ["etc/systemd/system/ec2nic-old.service", "etc/udev/rules.d/70-ec2nic.rules"];
  const link = "etc/systemd/system/multi-user.target.wants/ec2nic-old.service";
  using folder = temporaryFolder();
  const root = folder.path;
  const put = async () => {
    for (const path of old) await writeFile(join(root, path), "# written by ec2nic\n");
    await symlink("/etc/systemd/system/ec2nic-old.service", join(root, link));
  };
  await install(imageHost(root), options);
  const clean = await snapshot(root);
  await put();
  await install(imageHost(root), options);
  expect(await snapshot(root)).toEqual(clean);
  await put();
  await install(imageHost(root), undo);
  expect(await snapshot(root)).toEqual([]);
});

test("--install with another program path replaces the path in the units", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  await install(imageHost(root), options);
  const plan = await install(imageHost(root), { ...options, program: "/opt/ec2nic" });
  expect(plan.write).toHaveLength(5);
  expect(await readFile(join(root, unit), "utf8")).toContain("ExecStart=/opt/ec2nic activate");
});

test("--uninstall keeps a folder with a file of an admin", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  await install(imageHost(root), options);
  await writeFile(join(root, "etc/udev/rules.d/99-own.rules"), "");
  await install(imageHost(root), undo);
  expect((await readdir(root, { recursive: true })).toSorted()).toEqual([
    "etc",
    "etc/udev",
    "etc/udev/rules.d",
    "etc/udev/rules.d/99-own.rules",
  ]);
});

test("--uninstall removes no folder outside of the root and no folder with content, whatever the list of created folders says", async () => {
  using folder = temporaryFolder();
  const outer = folder.path;
  const root = join(outer, "root");
  await mkdir(join(outer, "victim"));
  await mkdir(join(root, "etc/ec2nic"), { recursive: true });
  const list = "# written by ec2nic\n/../victim\n/etc/../../victim\nvictim\n/etc\n";
  await writeFile(join(root, "etc/ec2nic.folders"), list);
  await install(imageHost(root), undo);
  expect(await readdir(outer, { recursive: true })).toEqual(
    expect.arrayContaining(["victim", "root/etc/ec2nic"]),
  );
});

const wants = "etc/systemd/system/multi-user.target.wants";
test.each(["etc/udev", wants])(
  "--install refuses a symbolic link at %s that leads out of the root",
  async (at) => {
    using folder = temporaryFolder();
    const outer = folder.path;
    const root = join(outer, "root");
    await mkdir(join(outer, "victim"));
    await mkdir(join(root, "etc/systemd/system"), { recursive: true });
    await symlink(join(outer, "victim"), join(root, at));
    await expect(install(imageHost(root), options)).rejects.toThrow("symbolic link");
    expect(await readdir(join(outer, "victim"))).toEqual([]);
  },
);

test("--uninstall does not follow a symbolic link that has replaced a created folder", async () => {
  using folder = temporaryFolder();
  const outer = folder.path;
  const root = join(outer, "root");
  await mkdir(join(outer, "victim/rules.d"), { recursive: true });
  await install(imageHost(root), options);
  await rm(join(root, "etc/udev"), { recursive: true });
  await symlink(join(outer, "victim"), join(root, "etc/udev"));
  await install(imageHost(root), undo).catch(() => undefined);
  expect(await readdir(join(outer, "victim"))).toEqual(["rules.d"]);
});

test("--install and --uninstall have no note about a drop-in of an admin", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  await mkdir(join(root, "etc/systemd/system/ec2nic-repair.timer.d"), { recursive: true });
  const plans = [await install(imageHost(root), options), await install(imageHost(root), undo)];
  expect(plans.flatMap(({ notes }) => notes).join()).not.toContain("ec2nic-repair.timer.d");
});

test("--install names other programs that configure NICs and the commands that switch them off, and does not change them", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const rules = join(root, "usr/lib/udev/rules.d");
  await mkdir(rules, { recursive: true });
  await writeFile(join(rules, "99-vpc-policy-routes.rules"), "");
  const [found] = (await install(imageHost(root), options)).competitors;
  expect(found).toMatchObject({
    name: "amazon-ec2-net-utils",
    files: ["/usr/lib/udev/rules.d/99-vpc-policy-routes.rules"],
  });
  await mkdir(join(root, "etc/udev/rules.d"), { recursive: true });
  await symlink("/dev/null", join(root, "etc/udev/rules.d/99-vpc-policy-routes.rules"));
  expect((await install(imageHost(root), options)).competitors).toEqual([]);
  const wants = join(root, "etc/systemd/system/timers.target.wants");
  await mkdir(wants, { recursive: true });
  await symlink("/usr/lib/systemd/system/x", join(wants, "nm-cloud-setup.timer"));
  const { competitors } = await install(imageHost(root), options);
  expect(competitors.map(({ name }) => name)).toEqual(["nm-cloud-setup"]);
});

test("install writes the hooks of every installed client, and removes them without --from-dhcp", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  await makeClients(root);
  await install(imageHost(root), { ...options, withDhcpHooks: false });
  const without = await snapshot(root);
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
  const left = (await snapshot(root)).filter((line) => !/udhcpc|folders|paths\.t/.test(line));
  expect(left).toEqual(without.filter((line) => !/udhcpc|folders/.test(line)));
});
