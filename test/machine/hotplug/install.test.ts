import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { machineLimitMs } from "../../kit/machine/machine-test.ts";
import { type Sandbox, startSandbox } from "../../kit/machine/sandbox.ts";
import { type Machine, startMachine } from "../../kit/machine/machine.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem, type Suite, suites } from "../../kit/machine/root-file-system.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(machineLimitMs);

const folder = "/etc/systemd/system";
const timer = "ec2nic-repair.timer";
/** Lists every path that an installation could change, with kind, mode, owner, target and content. */
const tree = `
find "$1"/etc "$1"/usr/lib/dhcpcd "$1"/usr/lib/udev -xdev -printf '%p %y %m %u %g %l\\n' 2>/dev/null | sort
find "$1"/etc -xdev -type f -exec md5sum {} + | sort -k2
`;

describe.each(suites)("%s", (suite: Suite) => {
  const missing = machineMissing(suite);
  const testMachine = testUnless(missing);
  let sandbox: Sandbox;
  let machine: Machine;
  let before = "";

  beforeAll(async () => {
    if (missing !== null) return;
    await rootFileSystem(suite);
    sandbox = await startSandbox();
    const files = { "/etc/ec2nic/always": "" };
    machine = await startMachine(sandbox, { suite, files, enable: ["systemd-networkd.service"] });
    before = await treeOf("");
  }, machineLimitMs);
  afterAll(async () => {
    if (missing === null) await sandbox.stop();
  });

  const treeOf = (root: string): Promise<string> => machine.run(["sh", "-c", tree, "sh", root]);
  const hotplug = (...args: readonly string[]) => machine.exec(["ec2nic", "hotplug", ...args]);
  const known = async (): Promise<string> =>
    (await machine.exec(["systemctl", "list-unit-files", "--no-legend", "ec2nic*"])).stdout;
  const isActive = async (unit: string): Promise<string> =>
    (await machine.systemctl("is-active", unit)).stdout.trim();
  /** The complaints of systemd and udev about the units and rules below a root. */
  const verify = async (root: string): Promise<readonly string[]> => {
    const names = await machine.run(["sh", "-c", `cd ${root}${folder} && ls -d ec2nic*`]);
    const units = names.trim().split("\n");
    const at = root === "" ? [] : [`--root=${root}`];
    const paths = units.map((name) => `${folder}/${name}`);
    const analyzed = await machine.exec(["systemd-analyze", ...at, "verify", "--man=no", ...paths]);
    const lines = analyzed.stderr.split("\n").filter((line) => line.includes("ec2nic"));
    if (suite === "bookworm") return lines; // its udevadm has no `verify` (since 254)
    const rules = `${root}/etc/udev/rules.d/90-ec2nic.rules`;
    const checked = await machine.exec(["udevadm", "verify", rules]);
    return [...lines, ...(checked.code === 0 ? [] : [checked.stderr])];
  };

  testMachine(
    "--install writes units and rules that systemd and udev accept, and starts them",
    async () => {
      const { code, stdout, stderr } = await hotplug("--install", "--from-dhcp");
      expect([code, stdout]).toEqual([0, ""]);
      expect(stderr).toContain("ec2nic: ran systemctl daemon-reload\n");
      expect(stderr).toEndWith("ec2nic: installed; units start /usr/local/bin/ec2nic\n");
      expect((await known()).match(/^\S+/gm)).toEqual([
        "ec2nic-lease.path",
        "ec2nic-hotplug-remove.service",
        "ec2nic-hotplug@.service",
        "ec2nic-lease.service",
        "ec2nic-local.service",
        "ec2nic-network.service",
        "ec2nic-repair.service",
        timer,
      ]);
      expect([await isActive(timer), await isActive("ec2nic-lease.path")]).toEqual([
        "active",
        "active",
      ]);
      expect((await machine.systemctl("is-enabled", "ec2nic-local.service")).stdout).toBe(
        "enabled\n",
      );
      expect(await verify("")).toEqual([]);
      expect(await machine.failedUnits()).toEqual([]);
    },
  );

  testMachine("a second --install changes nothing, but starts a stopped timer", async () => {
    const installed = await treeOf("");
    const again = await hotplug("--install", "--from-dhcp");
    expect(again.stderr).toEndWith("already installed; units start /usr/local/bin/ec2nic\n");
    expect(again.stderr).not.toMatch(/wrote|linked|ran|removed/);
    await machine.systemctl("stop", timer);
    expect((await hotplug("--install", "--from-dhcp")).stderr).toContain(
      `systemctl start ${timer}`,
    );
    expect(await isActive(timer)).toBe("active");
    expect(await treeOf("")).toBe(installed);
  });

  testMachine("--install without --from-dhcp removes the hooks and stops their units", async () => {
    const { stderr } = await hotplug("--install");
    expect(stderr).toContain("ec2nic: ran systemctl stop ec2nic-lease.path\n");
    expect(stderr).toContain("the hooks of DHCP clients are removed");
    expect(await known()).not.toContain("lease");
    expect(await isActive("ec2nic-lease.path")).toBe("inactive");
    expect(await machine.run(["find", "/etc", "-name", "90-ec2nic"])).toBe("");
  });

  testMachine("--uninstall leaves no files, no units and no failed units", async () => {
    const { code, stderr } = await hotplug("--uninstall");
    expect(code).toBe(0);
    expect(stderr).toContain("ec2nic: uninstalled; ");
    expect(await known()).toBe("");
    const listed = ["list-units", "--all", "--no-legend", "ec2nic*"];
    expect((await machine.systemctl(...listed)).stdout).toBe("");
    expect(await machine.failedUnits()).toEqual([]);
    expect(await treeOf("")).toBe(before);
    expect((await hotplug("--uninstall")).stderr).toBe("ec2nic: nothing to uninstall\n");
  });

  testMachine("--install keeps an admin's mask of the timer, and does not start it", async () => {
    await machine.run(["ln", "-s", "/dev/null", `${folder}/${timer}`]);
    const masked = await treeOf("");
    const { code, stderr } = await hotplug("--install");
    expect(code).toBe(0);
    expect(stderr).toContain(`${folder}/${timer} is masked, so it is not changed`);
    expect(await isActive(timer)).toBe("inactive");
    await hotplug("--uninstall");
    expect(await treeOf("")).toBe(masked);
    await machine.remove(`${folder}/${timer}`);
  });

  testMachine(
    "--install --root writes a correct image, and changes nothing on the machine",
    async () => {
      const image = "/run/image";
      await machine.run(["sh", "-ec", makeImage, "sh", image]);
      const empty = await treeOf(image);
      const { code, stderr } = await hotplug("--install", "--from-dhcp", "--root", image);
      expect([code, stderr.includes("ec2nic: ran ")]).toEqual([0, false]);
      expect(await verify(image)).toEqual([]);
      expect(await known()).toBe("");
      expect((await hotplug("--uninstall", "--root", image)).code).toBe(0);
      expect(await treeOf(image)).toBe(empty);
      expect(await treeOf("")).toBe(before);
    },
  );

  testMachine(
    "systemd and udev complain about a wrong unit and wrong rules, so that the tests above can fail",
    async () => {
      await hotplug("--install", "--root", "/run/image");
      const inImage = (path: string): string => `/run/image${path}`;
      const unit = inImage(`${folder}/ec2nic-local.service`);
      await machine.run(["sed", "-i", "s/^Type=/Tipe=/", unit]);
      const rules = inImage("/etc/udev/rules.d/90-ec2nic.rules");
      await machine.run(["sed", "-i", "s/==/=/", rules]);
      const complaints = (await verify("/run/image")).join("\n");
      expect(complaints).toContain("Tipe");
      if (suite !== "bookworm") expect(complaints).toContain("90-ec2nic.rules");
    },
  );
});

/** Makes an image with what systemd-analyze needs: a system's units, the program and a shell. */
const makeImage = `
mkdir -p "$1/usr/lib" "$1/usr/bin" "$1/usr/sbin" "$1/usr/local/bin" "$1/etc/NetworkManager/dispatcher.d"
for each in bin sbin lib; do ln -s "usr/$each" "$1/$each"; done
cp -a /usr/lib/systemd /usr/lib/udev "$1/usr/lib/"
cp -L /bin/true "$1/usr/local/bin/ec2nic"
cp -L /bin/sh "$1/usr/bin/sh"
`;
