import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "../../test/kit/basics/temporary-folder.ts";

const root = join(import.meta.dir, "../..");

/** Tests that run functions of the source; all others run the executable, which is built first. */
const withoutExecutable = /^test\/(?:unit|golden|docs|simulator|[^/]+\.test\.ts)/;

/** A defect that makes a test run endlessly is detected, too: after this time the test is killed. */
const limitsMs = { withoutExecutable: 180_000, others: 3_600_000 };

/**
 * A program with a defect may write to the wrong place. As root it therefore runs in a mount and a
 * network namespace of its own, in which only temporary folders and the cache can be written to.
 * Other users cannot write to the machine's files.
 */
const contained = `
set -e
ip link set lo up
mkdir -p "$HOME/.cache"
for each in "\${TMPDIR:-/tmp}" "$HOME/.cache"; do mount --bind "$each" "$each"; done
mount -t tmpfs tmpfs /run
mount -o remount,bind,ro /
# the folder is on another mount now
cd "$PWD"
exec "$@"
`;
const isRoot = process.getuid?.() === 0;
const container = isRoot ? ["unshare", "--mount", "--net", "sh", "-c", contained, "sh"] : [];

/** A change of one file: the text `find`, which the file contains once, is replaced. */
export interface Change {
  readonly file: string;
  readonly find: string;
  readonly replacement: string;
}

/** What `bun test` said: whether a test failed, its errors, and how many tests ran. */
export interface Verdict {
  readonly failed: boolean;
  readonly ran: number;
  readonly errors: string;
}

/** A copy of the files that git has, in which defects are tried one after the other. */
export class SourceCopy implements Disposable {
  readonly #folder = temporaryFolder();

  constructor() {
    const listed = Bun.spawnSync(["git", "ls-files", "-z"], { cwd: root }).stdout.toString();
    for (const path of listed.split("\0").filter((each) => each !== "")) {
      mkdirSync(dirname(this.#path(path)), { recursive: true });
      cpSync(join(root, path), this.#path(path));
    }
    for (const name of ["node_modules", ".tools"]) symlinkSync(join(root, name), this.#path(name));
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }

  #path(path: string): string {
    return join(this.#folder.path, path);
  }

  /**
   * Runs tests with a change (null: with none), and takes the change back. `bunTest` holds further
   * arguments of `bun test`, the files and folders of the tests among them. Throws where the text is
   * not in the file exactly once, or where the executable cannot be built.
   */
  async test(change: Change | null, bunTest: readonly string[]): Promise<Verdict> {
    const restore = change === null ? () => {} : this.#apply(change);
    try {
      const paths = bunTest.filter((word) => word.startsWith("test/"));
      if (paths.every((path) => withoutExecutable.test(path))) {
        return await this.#run(bunTest, limitsMs.withoutExecutable);
      }
      await this.#build();
      return await this.#run(bunTest, limitsMs.others);
    } finally {
      restore();
    }
  }

  #apply({ file, find, replacement }: Change): () => void {
    const path = this.#path(file);
    const before = readFileSync(path, "utf8");
    const parts = before.split(find);
    if (parts.length !== 2) {
      throw new Error(`${file} contains this text ${parts.length - 1} times, not once: ${find}`);
    }
    writeFileSync(path, parts.join(replacement));
    return () => writeFileSync(path, before);
  }

  async #build(): Promise<void> {
    const child = this.#spawn(["scripts/build.ts"]);
    const output = await child.stderr.text();
    if ((await child.exited) !== 0) throw new Error(`the program cannot be built: ${output}`);
  }

  async #run(bunTest: readonly string[], limitMs: number): Promise<Verdict> {
    const child = this.#spawn(["test", "--timeout=600000", ...bunTest]);
    const endless = setTimeout(() => child.kill("SIGKILL"), limitMs);
    const output = await child.stderr.text();
    const failed = (await child.exited) !== 0;
    clearTimeout(endless);
    const lines = output.split("\n");
    return {
      failed,
      ran: Number(/^Ran (\d+) tests?/m.exec(output)?.[1] ?? 0),
      errors: lines.filter((line) => /^(?:error: |\(fail\) )/.test(line)).join("; "),
    };
  }

  #spawn(words: readonly string[]) {
    return Bun.spawn([...container, process.execPath, ...words], {
      cwd: this.#folder.path,
      env: { ...process.env, LAB: "1" },
      stdio: ["ignore", "ignore", "pipe"],
    });
  }
}
