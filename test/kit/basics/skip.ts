import { test } from "bun:test";

type AddTest = (name: string, body: () => Promise<void>) => void;

/** `test`, or where there is a reason not to run, a skip whose name holds it; it is printed too. */
export function testUnless(reason: string | null, add: AddTest = test): AddTest {
  if (reason === null) return (name, body) => add(name, body);
  return (name, body) => {
    process.stderr.write(`skipped, because ${reason}: ${name}\n`);
    test.skip(`${name} (skipped: ${reason})`, body);
  };
}

/** Why these programs cannot be used; null where all are there. */
export function missingTool(...names: readonly string[]): string | null {
  const missing = names.filter((name) => Bun.which(name) === null);
  return missing.length === 0 ? null : `${missing.join(", ")} is not installed`;
}

/** Why what only root can do cannot be done; null for root. */
export function missingRoot(): string | null {
  return process.getuid?.() === 0 ? null : "it takes root";
}

const probes = new Map<string, string | null>();

/** Why a program of the machine does not do what a test builds on; null where it does. */
export function failingCommand(...argv: readonly string[]): string | null {
  const key = argv.join(" ");
  const known = probes.get(key);
  if (known !== undefined) return known;
  const missing = missingTool(argv[0] ?? "");
  const ended = missing === null ? Bun.spawnSync([...argv], { stdout: "ignore" }).exitCode : 1;
  const reason = missing ?? (ended === 0 ? null : `"${key}" does not work here`);
  probes.set(key, reason);
  return reason;
}
