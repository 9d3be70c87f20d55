import type { TargetHost } from "../../host/target.ts";
import { baseName } from "../../model/text.ts";
import { listPaths } from "../read-file.ts";

/** Where distributions install systemd's private library, by its directory of libraries. */
const libraryDirectories = [
  "/usr/lib/systemd",
  "/lib/systemd",
  "/usr/lib64/systemd",
  "/usr/lib/x86_64-linux-gnu/systemd",
  "/usr/lib/aarch64-linux-gnu/systemd",
];

const libraryPattern = /^libsystemd-shared-(\d+).*\.so$/;

/** The program answers within milliseconds and asks no daemon. */
const timeoutMs = 5000;

/**
 * The major version of the target's systemd; null if it is not known. The name of systemd's private
 * library contains the version (`libsystemd-shared-252.so`), so that it is also known for an image.
 * If there is no such library (musl, static builds), `networkctl --version` says it.
 */
export async function readSystemdVersion(
  host: Pick<TargetHost, "exec" | "target">,
): Promise<number | null> {
  const { target } = host;
  const listed = await Promise.all(
    libraryDirectories.map((directory) => listPaths(target, directory, libraryPattern)),
  );
  const versions = listed.flat().map((path) => Number(libraryPattern.exec(baseName(path))?.[1]));
  if (versions.length > 0) return Math.min(...versions);
  if (!target.isThisMachine) return null;
  const { stdout } = await host.exec(["networkctl", "--version"], { timeoutMs });
  const [, version] = /^systemd (\d+)/.exec(stdout) ?? [];
  return version === undefined ? null : Number(version);
}
