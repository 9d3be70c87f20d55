import { firstLine } from "../../basics/first-line.ts";

/** `await using lock = await lockFile(path)`: holds an exclusive lock until the end of the block. */
export async function lockFile(path: string): Promise<AsyncDisposable> {
  // It ends when its stdin is closed, at the latest with this process.
  const holder = Bun.spawn(["flock", path, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await firstLine(holder.stdout, `flock ${path}`);
  return {
    [Symbol.asyncDispose]: async () => {
      await holder.stdin.end();
      await holder.exited;
    },
  };
}
