import { test } from "bun:test";

type AddTest = (name: string, body: () => Promise<void>) => void;

/** `test`, or a skip where there is a reason; the reason is in its name and on stderr. */
export function testUnless(reason: string | null, add: AddTest = test): AddTest {
  if (reason === null) return (name, body) => add(name, body);
  return (name, body) => {
    process.stderr.write(`skipped, because ${reason}: ${name}\n`);
    test.skip(`${name} (skipped: ${reason})`, body);
  };
}

/** Which of these programs are missing, as a sentence; null: none. */
export function missingTool(...names: readonly string[]): string | null {
  const missing = names.filter((name) => Bun.which(name) === null);
  return missing.length === 0 ? null : `${missing.join(", ")} is not installed`;
}

/** Why a test that needs root cannot run; null for root. */
export function missingRoot(): string | null {
  return process.getuid?.() === 0 ? null : "it needs root";
}

const probes = new Map<string, string | null>();

/** Why a test that needs this command cannot run; null where the command exits with 0. */
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
