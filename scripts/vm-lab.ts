/**
 * `make lab`: runs the scenarios with virtual machines; `make lab SCENARIO=hotplug-rules` runs one of
 * them and shows the guest's console. Installs missing programs where it can (root, apt).
 */
import { join } from "node:path";
import { vmTools } from "../test/kit/vm/tools.ts";
import { installTools } from "./shared/install-tools.ts";

installTools(vmTools);

const [scenario = ""] = process.argv.slice(2);
const child = Bun.spawn([process.execPath, "test", "--timeout=3600000", `test/vm/${scenario}`], {
  cwd: join(import.meta.dir, ".."),
  env: { ...process.env, LAB: "1", ...(scenario === "" ? {} : { LAB_CONSOLE: "1" }) },
  stdio: ["ignore", "inherit", "inherit"],
});
process.exit(await child.exited);
