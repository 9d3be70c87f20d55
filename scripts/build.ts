/** Builds dist/ec2nic for this machine. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { version } from "../package.json";
import { buildFlags } from "./build-flags.ts";

const target = "dist/ec2nic";
/** Runs beside it until it is known to work: who uses the old one meanwhile still can. */
const fresh = `${target}.new`;

mkdirSync("dist", { recursive: true });
rmSync(fresh, { force: true });
const build = Bun.spawnSync(
  [process.execPath, "build", ...buildFlags, "src/main.ts", `--outfile=${fresh}`],
  { stdout: "pipe", stderr: "pipe" },
);
// a failed bytecode step ends with 0 all the same (Bun 1.4.5): what counts is that the result runs
const trial = existsSync(fresh) ? Bun.spawnSync([fresh, "--version"]) : null;
if (build.exitCode !== 0 || trial?.stdout.toString() !== `ec2nic ${version}\n`) {
  const said = [build.stderr, build.stdout, trial?.stderr ?? ""];
  process.stderr.write(said.map(String).join(""));
  process.stderr.write(`build: ${target} does not run\n`);
  process.exit(1);
}
renameSync(fresh, target);
const megabytes = (Bun.file(target).size / 1e6).toFixed(0);
process.stdout.write(`${target}: ec2nic ${version}, ${megabytes} MB\n`);
