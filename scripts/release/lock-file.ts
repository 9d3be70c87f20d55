import lock from "../../bun.lock";
import manifest from "../../package.json";

/** A package of the lock file. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** As npm writes it: `sha512-` and base64. */
  readonly integrity: string;
  /** The names of its dependencies that are in the lock file. */
  readonly needs: readonly string[];
}

interface Entry {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** All packages of the lock file, by name. */
export function lockedPackages(): readonly LockedPackage[] {
  const entries = Object.entries(lock.packages);
  return entries.map(([name, [id = "", , detail = {}, integrity = ""]]) => ({
    name,
    version: id.slice(name.length + 1),
    integrity,
    needs: Object.keys((detail as Entry).dependencies ?? {}).filter(
      (each) => each in lock.packages,
    ),
  }));
}

/** The packages that are compiled into the executable: the dependencies, and their dependencies. */
export function compiledIn(all: readonly LockedPackage[]): readonly LockedPackage[] {
  const isIn = new Set<string>();
  const add = (name: string): void => {
    if (isIn.has(name)) return;
    isIn.add(name);
    for (const needed of all.find((each) => each.name === name)?.needs ?? []) add(needed);
  };
  for (const name of Object.keys(manifest.dependencies)) add(name);
  return all.filter(({ name }) => isIn.has(name));
}

/** The packages of Bun's runtime, one for each target. */
export function runtimes(all: readonly LockedPackage[]): readonly LockedPackage[] {
  return all.filter(({ name }) => name in manifest.optionalDependencies);
}
