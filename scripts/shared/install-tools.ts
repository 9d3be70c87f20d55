import { needTools } from "./need-tools.ts";

/** Installs missing programs, `{ program: Debian package }`, as root with apt; else does nothing. */
export function installTools(tools: Readonly<Record<string, string>>): void {
  if (process.getuid?.() === 0 && Bun.which("apt-get") !== null) needTools(tools);
}
