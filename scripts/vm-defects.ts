/**
 * `make lab-defects`: builds each of some defects into a copy of the program, and shows that the
 * laboratory's scenario for it fails. `DEFECT=bus`: those whose name has that. 0 where all are caught.
 */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "../test/kit/basics/temporary-folder.ts";
import { type Defect, defects } from "./vm-defects/defects.ts";

const root = join(import.meta.dir, "..");
const wanted = process.env["DEFECT"] ?? "";
let missed = 0;
for (const defect of defects.filter(({ name }) => name.includes(wanted))) {
  const startMs = performance.now();
  const said = await play(defect);
  const seconds = Math.round((performance.now() - startMs) / 1000);
  console.log(`${said === null ? "MISSED" : "caught"}, ${seconds} s: ${defect.name}`);
  console.log(`  ${said ?? `${defect.scenario} passed`}`);
  if (said === null) missed += 1;
}
process.exit(missed === 0 ? 0 : 1);

/** What the scenario says where it fails; null where it passes. */
async function play({ file, find, put, scenario, pattern }: Defect): Promise<string | null> {
  using copy = temporaryFolder();
  copyTree(copy.path);
  const path = join(copy.path, file);
  const parts = readFileSync(path, "utf8").split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`);
  writeFileSync(path, parts.join(put));
  const bun = process.execPath;
  const env = { ...process.env, LAB: "1" };
  const build = Bun.spawnSync([bun, "scripts/build.ts"], { cwd: copy.path, env });
  if (build.exitCode !== 0) throw new Error(`it cannot be built: ${build.stderr.toString()}`);
  const test = join("test/vm", `${scenario}.test.ts`);
  const child = Bun.spawn(
    [bun, "test", "--timeout=300000", test, `--test-name-pattern=${pattern}`],
    { cwd: copy.path, env, stdio: ["ignore", "ignore", "pipe"] },
  );
  const output = await child.stderr.text();
  if ((await child.exited) === 0) return null;
  const lines = output.split("\n");
  if (!lines.some((line) => line.startsWith("(fail)"))) throw new Error(`no test ran: ${output}`);
  return lines.filter((line) => line.startsWith("error: ")).join("; ") || "it failed";
}

/** What is kept in git, with the packages as they are here. */
function copyTree(to: string): void {
  const listed = Bun.spawnSync(["git", "ls-files", "-z"], { cwd: root }).stdout.toString();
  for (const path of listed.split("\0").filter((each) => each !== "")) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(root, path), join(to, path));
  }
  for (const name of ["node_modules", ".tools"]) symlinkSync(join(root, name), join(to, name));
}
