/**
 * Builds dist/ec2nic for this machine. Each flag has a reason: docs/decisions/build-flags.md.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { version } from "../package.json";

const target = "dist/ec2nic";
/** Runs beside it until it is known to work: who uses the old one meanwhile still can. */
const fresh = `${target}.new`;

const flags = [
  "--compile",
  "--minify",
  "--bytecode",
  "--format=esm",
  "--splitting",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--compile-exec-argv=--disallow-code-generation-from-strings=strict",
  `--compile-executable-path=${process.execPath}`,
];

mkdirSync("dist", { recursive: true });
rmSync(fresh, { force: true });
const build = Bun.spawnSync(
  [process.execPath, "build", ...flags, "src/main.ts", `--outfile=${fresh}`],
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
