/** The parts of a run that decide which IMDS it asks. */
export interface GuardedRun {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whether the run has its own network namespace. */
  readonly namespace: boolean;
}

const harmless = [
  ["--help"],
  ["-h"],
  ["--version"],
  ["fetch", "--help"],
  ["fetch", "-h"],
  ["fetch", "--version"],
].map((args) => JSON.stringify(args));

/**
 * Throws where a run could ask an IMDS that the test did not start. Tests also run on EC2 and in CI,
 * where a request that leaves the loopback would reach the real IMDS.
 */
export function guardEndpoints({ args, env, namespace }: GuardedRun): void {
  if (namespace || harmless.includes(JSON.stringify(args))) return;
  const fromArgs = endpointsIn(args);
  const fromEnv = env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "";
  const endpoints = fromEnv === "" ? fromArgs : [...fromArgs, fromEnv];
  if (endpoints.length === 0) {
    throw new Error(`no endpoint: ${JSON.stringify(args)} would ask the real IMDS`);
  }
  const stray = endpoints.find((endpoint) => !isLoopback(endpoint));
  if (stray !== undefined) {
    throw new Error(`${stray} is not http on the loopback: give the run a namespace of its own`);
  }
}

/** The values of --endpoint; a missing value is no endpoint. What follows `--` is a command. */
function endpointsIn(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  return own.flatMap((arg, at) => {
    if (arg.startsWith("--endpoint=")) return [arg.slice("--endpoint=".length)];
    return arg === "--endpoint" ? own.slice(at + 1, at + 2) : [];
  });
}

function isLoopback(endpoint: string): boolean {
  const url = URL.parse(endpoint);
  return (
    url !== null &&
    url.protocol === "http:" &&
    ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname)
  );
}
