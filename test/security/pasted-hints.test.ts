import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { escapeControls } from "../../src/host/terminal/stderr.ts";
import { checkName } from "../../src/imds/protocol/key.ts";
import { adversarialValues } from "../kit/facts/adversarial-values.ts";
import { runEc2nic } from "../kit/program/run-ec2nic.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

const names = Object.values(adversarialValues).filter((name) => checkName(name) === null);

// the service, or a user who may tag the instance, chooses the names; the user pastes the hint
for (const [format, value, status] of [
  ["json", Uint8Array.of(0xff), 0],
  ["env", Uint8Array.of(0), 65],
] as const) {
  test(`--format ${format}: a hint pasted into a shell does not run code from a listed name`, async () => {
    using folder = temporaryFolder();
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      const listings: Readonly<Record<string, string>> = {
        "/latest/meta-data/tags/": "instance/",
        "/latest/meta-data/tags/instance": name,
        "/latest/meta-data/tags/instance/": name,
      };
      using imds = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch: ({ method, url }) =>
          new Response(method === "PUT" ? "token" : (listings[new URL(url).pathname] ?? value)),
      });
      const args = [
        "fetch",
        "tags/instance/",
        "--format",
        format,
        "--endpoint",
        `http://127.0.0.1:${imds.port}`,
      ];
      const { code, stderr } = await runEc2nic({ args });
      expect(code).toBe(status);
      const hint = /^ec2nic: hint: .*?(ec2nic fetch .*)$/m.exec(stderr)?.[1] ?? "";
      const script = `ec2nic() { printf %s "$2"; }; ${hint}`;
      const pasted = Bun.spawnSync(["sh", "-c", script], { cwd: folder.path });
      expect(pasted.stdout.toString()).toBe(escapeControls(`tags/instance/${name}`));
    }
    expect(existsSync(join(folder.path, "canary"))).toBe(false);
  });
}
