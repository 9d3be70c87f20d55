/** Runs a command and returns its stdout. Throws with its stderr where it fails. */
export function run(...argv: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...argv], { stdout: "pipe", stderr: "pipe" });
  if (exitCode === 0) return stdout.toString();
  throw new Error(`${argv.join(" ")} ended with ${exitCode}: ${stderr.toString().trim()}`);
}
