/**
 * `make lab`: the scenarios with virtual machines; `make lab SCENARIO=hotplug-rules` one of them, with
 * the guest's console. Installs the programs that it needs where it may (root, apt).
 */
import { join } from "node:path";
import { needTools } from "../test/kit/basics/need-tools.ts";
import { vmTools } from "../test/kit/vm/tools.ts";

if (process.getuid?.() === 0 && Bun.which("apt-get") !== null) needTools(vmTools);

const [scenario = ""] = process.argv.slice(2);
const child = Bun.spawn([process.execPath, "test", "--timeout=300000", `test/vm/${scenario}`], {
  cwd: join(import.meta.dir, ".."),
  env: { ...process.env, LAB: "1", ...(scenario === "" ? {} : { LAB_CONSOLE: "1" }) },
  stdio: ["ignore", "inherit", "inherit"],
});
process.exit(await child.exited);
