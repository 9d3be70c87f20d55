/**
 * `make release-test`: builds all files of a release and tests them, which takes minutes: packages in
 * root file systems of two Debian releases and of rpm, the arm64 executable under an emulator, and a
 * second build in another folder.
 */
import { join } from "node:path";
import { needTools } from "./shared/need-tools.ts";

const tools = {
  bash: "bash",
  busybox: "busybox",
  "dpkg-deb": "dpkg",
  fish: "fish",
  gcc: "gcc",
  groff: "groff-base",
  ip: "iproute2",
  mandoc: "mandoc",
  mmdebstrap: "mmdebstrap",
  "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
  "qemu-aarch64-static": "qemu-user-static",
  readelf: "binutils",
  rpm: "rpm",
  script: "bsdutils",
  zsh: "zsh",
};

needTools(tools);
const cwd = join(import.meta.dir, "..");
const steps = [
  ["make", "build"],
  [process.execPath, "scripts/release.ts"],
  [process.execPath, "test", "--timeout=600000", "test/release/"],
];
for (const argv of steps) {
  const env = { ...process.env, RELEASE: "1" };
  const child = Bun.spawn(argv, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
  const code = await child.exited;
  if (code !== 0) process.exit(code);
}
