import { expect } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderDhcpHooks } from "../../src/install/units/dhcp-hooks.ts";
import { adversarialValues } from "../kit/facts/adversarial-values.ts";
import { shells } from "../kit/program/shells.ts";
import { testUnless } from "../kit/basics/skip.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

const variables = [
  "interface",
  "new_ip_address",
  "new_routers",
  "new_host_name",
  "new_domain_name",
];
// without the empty value: it contains nothing that a shell could run
const values = Object.values(adversarialValues).filter((value) => value !== "");

/** Writes a hook, and a program for it that records its arguments in the file `called`. */
function writeHook(folder: string): string {
  const program = join(folder, "program");
  writeFileSync(
    program,
    `#!/bin/sh\nprintf '%s\\0' "$*" "$new_routers" "$EC2NIC_DHCP_ACTION" >>${folder}/called\n`,
  );
  chmodSync(program, 0o755);
  const clients = {
    dhclient: folder,
    dhcpcd: null,
    udhcpc: null,
    networkManager: null,
    hasNetworkd: false,
  };
  const [hook] = renderDhcpHooks(program, clients);
  writeFileSync(join(folder, "hook"), hook?.content ?? "");
  return join(folder, "hook");
}

for (const { name: shell, argv, missing } of shells) {
  testUnless(missing)(
    `${shell}: with hostile values of a DHCP server, the hook runs only its program`,
    async () => {
      using folder = temporaryFolder();
      const hook = writeHook(folder.path);
      for (const value of values) {
        const lease = Object.fromEntries(variables.map((variable) => [variable, value]));
        const env = { PATH: "/usr/bin:/bin", ...lease, reason: "BOUND" };
        const run = Bun.spawnSync([...argv, "-euc", `. ${hook}`], { env, cwd: folder.path });
        expect([run.exitCode, run.stderr.toString()]).toEqual([0, ""]);
        const otherReason = Bun.spawnSync([...argv, "-euc", `. ${hook}`], {
          env: { ...env, reason: value },
          cwd: folder.path,
        });
        expect(otherReason.exitCode).toBe(0);
      }
      expect(existsSync(join(folder.path, "canary"))).toBe(false);
      const called = readFileSync(join(folder.path, "called"), "utf8");
      expect(called).toBe(
        values.map((value) => `hotplug --from-dhcp --quiet\0${value}\0BOUND\0`).join(""),
      );
    },
  );
}
