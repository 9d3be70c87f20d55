import { run } from "./run.ts";

/**
 * Installs missing programs, `{ program: Debian package }`, with apt as root. Ends the process with
 * 69 and a message where that is not possible.
 */
export function needTools(tools: Readonly<Record<string, string>>): void {
  const missing = Object.entries(tools).filter(([program]) => Bun.which(program) === null);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, debian]) => debian))];
  if (process.getuid?.() !== 0 || Bun.which("apt-get") === null) {
    const names = missing.map(([program]) => program).join(", ");
    console.error(`${names}: not installed. On Debian: apt-get install ${packages.join(" ")}`);
    process.exit(69);
  }
  console.error(`installing ${packages.join(" ")}`);
  run("apt-get", "update", "-qq");
  run("apt-get", "install", "-qq", "--no-install-recommends", "-y", ...packages);
}
