import { Failure } from "../../exit.ts";
import { parseDuration } from "../../model/text.ts";
import { endpointFamily, isLoopback, parseEndpoint } from "./endpoint.ts";

/** How this run sends requests to IMDS. */
export interface ImdsSettings {
  /** `http://…` without a slash at the end, in the order in which they are tried. */
  readonly endpoints: readonly string[];
  /** The time limit for the whole run. */
  readonly timeoutMs: number;
  /** The time limit for one try, from its start to the last byte of the answer. */
  readonly tryMs: number;
  /** The time limit for the connect, which is a part of a try. */
  readonly connectMs: number;
  /** The only NIC to use; null for any NIC. */
  readonly nic: string | null;
  /** `routing-only`: requests go neither through a NIC nor through systemd-imdsd. */
  readonly paths: "any" | "routing-only";
  /** Allows a temporary lease for a NIC without an address. */
  readonly dhcp: boolean;
  /** The most retries of one request. Infinity means that only the deadline ends the retries. */
  readonly retries: number;
}

export interface ImdsOptions {
  readonly endpoint: readonly string[];
  readonly timeout: string | undefined;
  readonly retries: string | undefined;
  readonly interface: string | undefined;
  readonly dhcp: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The endpoints that AWS documents. The IPv6 endpoint is off unless it is enabled. */
export const defaultEndpoints = {
  ipv4: "http://169.254.169.254",
  ipv6: "http://[fd00:ec2::254]",
};

/**
 * Takes each setting from its flag, else from the variable that the AWS SDKs read, else a default.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
 * Throws `USAGE` for an invalid value, `CONFIG` if AWS_EC2_METADATA_DISABLED is true.
 */
export function parseImdsSettings(options: ImdsOptions, env: Env): ImdsSettings {
  if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") {
    const hint = "unset AWS_EC2_METADATA_DISABLED";
    const reason = "IMDS is not asked, because AWS_EC2_METADATA_DISABLED is true";
    throw new Failure("CONFIG", reason, { hint });
  }
  const tryMs = parseTryMs(env);
  const endpoints = parseEndpoints(options, env);
  const nic = parseNic(options);
  if (nic !== null) refuseUnreachable(nic, endpoints);
  return {
    endpoints,
    timeoutMs: parseTimeoutMs(options),
    tryMs,
    connectMs: Math.min(1000, tryMs),
    retries: parseRetries(options, env),
    nic,
    paths: "any",
    dhcp: options.dhcp,
  };
}

/** Parses `--timeout` into milliseconds. Throws `USAGE`. */
export function parseTimeoutMs({ timeout }: Pick<ImdsOptions, "timeout">): number {
  if (timeout === undefined) return 60_000;
  const ms = parseDuration(timeout, "--timeout");
  if (ms > 0) return ms;
  const hint = "for example: --timeout 10s";
  throw new Failure("USAGE", `--timeout: ${timeout} leaves no time at all`, { hint });
}

/** Refuses a name that no link can have (dev_valid_name in the kernel). The link need not exist. */
function parseNic({ interface: name }: ImdsOptions): string | null {
  if (name === undefined) return null;
  if (/^[^/:\s]{1,15}$/.test(name) && name !== "." && name !== "..") return name;
  const isEmpty = name === "";
  const hint = isEmpty ? "is a variable of the calling script empty?" : "ls /sys/class/net";
  throw new Failure("USAGE", `--interface: "${name}" can't be the name of a NIC`, { hint });
}

function refuseUnreachable(nic: string, endpoints: readonly string[]): void {
  const isName = (endpoint: string): boolean => endpointFamily(endpoint) === null;
  const unreachable = endpoints.find(
    (endpoint) => isName(endpoint) || (isLoopback(endpoint) && nic !== "lo"),
  );
  if (unreachable === undefined) return;
  const why = isName(unreachable)
    ? "has a host name, but must have an address"
    : "is on this machine";
  const hint = "give an address that the NIC leads to: --endpoint http://169.254.169.254";
  throw new Failure("USAGE", `--interface ${nic}: ${unreachable} ${why}`, { hint });
}

function parseEndpoints(options: ImdsOptions, env: Env): readonly string[] {
  if (options.endpoint.length > 0) {
    return [...new Set(options.endpoint.map((text) => parseEndpoint(text, "--endpoint")))];
  }
  const fromEnv = env["AWS_EC2_METADATA_SERVICE_ENDPOINT"];
  if (fromEnv) return [parseEndpoint(fromEnv, "AWS_EC2_METADATA_SERVICE_ENDPOINT")];
  const mode = env["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.toLowerCase() ?? "";
  if (mode === "") return [defaultEndpoints.ipv4, defaultEndpoints.ipv6];
  if (mode === "ipv4" || mode === "ipv6") return [defaultEndpoints[mode]];
  throw invalidValue("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", mode, "IPv4 or IPv6");
}

function parseTryMs(env: Env): number {
  const text = env["AWS_METADATA_SERVICE_TIMEOUT"];
  if (!text) return 2000;
  const seconds = Number(text);
  if (/^\d{1,5}(\.\d{1,6})?$/.test(text) && seconds > 0) return seconds * 1000;
  throw invalidValue("AWS_METADATA_SERVICE_TIMEOUT", text, "a number of seconds, more than 0");
}

function parseRetries(options: ImdsOptions, env: Env): number {
  if (options.retries !== undefined) {
    if (/^\d{1,6}$/.test(options.retries)) return Number(options.retries);
    throw invalidValue("--retries", options.retries, "a whole number: 0 means one try");
  }
  const attempts = env["AWS_METADATA_SERVICE_NUM_ATTEMPTS"];
  if (!attempts) return Infinity;
  // botocore reads it with Python's int(): blanks, a sign and leading zeros are accepted
  if (/^\s*\+?0*[1-9]\d{0,5}\s*$/.test(attempts)) return Number(attempts) - 1;
  throw invalidValue("AWS_METADATA_SERVICE_NUM_ATTEMPTS", attempts, "a whole number, 1 or more");
}

function invalidValue(name: string, value: string, allowed: string): Failure {
  return new Failure("USAGE", `${name}: "${value}" is not valid`, { hint: `give ${allowed}` });
}
