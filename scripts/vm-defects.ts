/**
 * `make lab-defects`: builds each known defect into a copy of the program, and checks that a scenario
 * of `make lab` fails because of it. `DEFECT=bus` takes only the defects whose name contains `bus`.
 * Exits with 0 if every defect is detected.
 */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "../test/kit/basics/temporary-folder.ts";
import { formatSeconds } from "./shared/format.ts";
import { type Defect, defects } from "./vm-defects/defects.ts";

const root = join(import.meta.dir, "..");
const wanted = process.env["DEFECT"] ?? "";
let missed = 0;
for (const defect of defects.filter(({ name }) => name.includes(wanted))) {
  const startMs = performance.now();
  const failure = await failureWith(defect);
  const time = formatSeconds(performance.now() - startMs, 0);
  console.log(`${failure === null ? "MISSED" : "detected"}, ${time}: ${defect.name}`);
  console.log(`  ${failure ?? `the scenario ${defect.scenario} passed`}`);
  if (failure === null) missed += 1;
}
process.exit(missed === 0 ? 0 : 1);

/** The errors of the scenario with the defect; null where the scenario passes. */
async function failureWith({ file, find, replacement, scenario, pattern }: Defect) {
  using copy = temporaryFolder();
  copyTree(copy.path);
  const path = join(copy.path, file);
  const parts = readFileSync(path, "utf8").split(find);
  if (parts.length !== 2) {
    throw new Error(`${file} must contain this text once, not ${parts.length - 1} times: ${find}`);
  }
  writeFileSync(path, parts.join(replacement));
  const bun = process.execPath;
  const env = { ...process.env, LAB: "1" };
  const build = Bun.spawnSync([bun, "scripts/build.ts"], { cwd: copy.path, env });
  if (build.exitCode !== 0) {
    throw new Error(`the program with the defect cannot be built: ${build.stderr.toString()}`);
  }
  const test = join("test/vm", `${scenario}.test.ts`);
  const child = Bun.spawn(
    [bun, "test", "--timeout=3600000", test, `--test-name-pattern=${pattern}`],
    { cwd: copy.path, env, stdio: ["ignore", "ignore", "pipe"] },
  );
  const output = await child.stderr.text();
  if ((await child.exited) === 0) return null;
  const lines = output.split("\n");
  if (!lines.some((line) => line.startsWith("(fail)"))) throw new Error(`no test ran: ${output}`);
  return lines.filter((line) => line.startsWith("error: ")).join("; ") || "the scenario failed";
}

/** Copies the files that git has, and links to the installed packages. */
function copyTree(to: string): void {
  const listed = Bun.spawnSync(["git", "ls-files", "-z"], { cwd: root }).stdout.toString();
  for (const path of listed.split("\0").filter((each) => each !== "")) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(root, path), join(to, path));
  }
  for (const name of ["node_modules", ".tools"]) symlinkSync(join(root, name), join(to, name));
}
