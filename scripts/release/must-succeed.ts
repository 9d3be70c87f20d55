/** Runs a program of the machine; throws with what it said where it fails. */
export async function mustSucceed(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const child = Bun.spawn([...argv], {
    env: { ...process.env, LC_ALL: "C", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const code = await child.exited;
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}: ${said.join("")}`);
}
