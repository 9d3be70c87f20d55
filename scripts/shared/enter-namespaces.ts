import { existsSync } from "node:fs";

/** Set for the process that runs in the namespaces. */
const insideVariable = "EC2NIC_SANDBOX_NAMESPACE";

/**
 * Runs this program again in new network, mount and (for an ordinary user) user namespaces, and exits
 * with its status; in the namespaces it returns. Nothing in them reaches the network of the machine.
 */
export async function enterNamespaces(): Promise<void> {
  if (process.env[insideVariable] === "entered") return assertPrivate();
  const asUser = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const program = [process.execPath, ...process.argv.slice(1)];
  const child = Bun.spawn(["unshare", ...asUser, "--net", "--mount", "--", ...program], {
    stdio: ["inherit", "inherit", "inherit"],
    env: {
      ...process.env,
      [insideVariable]: "entered",
      EC2NIC_SANDBOX_OUTSIDE: networkNamespace(),
    },
  });
  process.exit(await child.exited);
}

/** The machine's own namespace must never get a simulated 169.254.169.254. */
function assertPrivate(): void {
  if (process.env["EC2NIC_SANDBOX_OUTSIDE"] !== networkNamespace()) return;
  throw new Error("this is the machine's own network namespace: unshare did not take effect");
}

function networkNamespace(): string {
  const link = Bun.spawnSync(["readlink", "/proc/self/ns/net"]).stdout.toString().trim();
  if (!existsSync("/proc/self/ns/net") || link === "") throw new Error("/proc/self/ns/net is gone");
  return link;
}
