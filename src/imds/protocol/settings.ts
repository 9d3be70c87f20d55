import { Failure } from "../../exit.ts";
import { parseDuration } from "../../model/text.ts";
import { endpointFamily, isLoopback, parseEndpoint } from "./endpoint.ts";

/** How IMDS is asked in this run. */
export interface ImdsSettings {
  /** `http://…` without a slash at the end, in the order they are tried. */
  readonly endpoints: readonly string[];
  /** From the start of the run to its end. */
  readonly timeoutMs: number;
  /** One try, from its start to the last byte of the answer. */
  readonly tryMs: number;
  /** The part of `tryMs` within which a connection must be established. */
  readonly connectMs: number;
  /** The one NIC to ask through; null: any. */
  readonly nic: string | null;
  /** `routing-only`: neither through a NIC nor through systemd-imdsd. */
  readonly paths: "any" | "routing-only";
  /** A NIC without an address may get a temporary one. */
  readonly dhcp: boolean;
  /** How often one request is retried; Infinity: until the deadline. */
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

/** Source: the instance metadata endpoints, and that IPv6 is off unless it is enabled. */
export const defaultEndpoints = {
  ipv4: "http://169.254.169.254",
  ipv6: "http://[fd00:ec2::254]",
};

/**
 * Flags come first, then the environment as the AWS SDKs read it, then our own defaults.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
 * Throws `USAGE` for an invalid value, `CONFIG` where AWS_EC2_METADATA_DISABLED is true.
 */
export function parseImdsSettings(options: ImdsOptions, env: Env): ImdsSettings {
  if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") {
    const hint = "unset AWS_EC2_METADATA_DISABLED";
    throw new Failure("CONFIG", "AWS_EC2_METADATA_DISABLED=true: IMDS is not asked", { hint });
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

/** `--timeout`, in milliseconds. Throws `USAGE`. */
export function parseTimeoutMs({ timeout }: Pick<ImdsOptions, "timeout">): number {
  if (timeout === undefined) return 60_000;
  const ms = parseDuration(timeout, "--timeout");
  if (ms > 0) return ms;
  throw new Failure("USAGE", `--timeout: ${timeout} leaves no time at all`, {
    hint: "--timeout 10s",
  });
}

/** Whether the kernel accepts it as a link's name (dev_valid_name); the link need not exist. */
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
    ? "is a name, and sockets bound to a NIC need an address"
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
  const hint = "it is IPv4 or IPv6";
  throw new Failure("USAGE", `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "${mode}"`, { hint });
}

function parseTryMs(env: Env): number {
  const text = env["AWS_METADATA_SERVICE_TIMEOUT"];
  if (!text) return 2000;
  const seconds = Number(text);
  if (/^\d{1,5}(\.\d{1,6})?$/.test(text) && seconds > 0) return seconds * 1000;
  const hint = "it is a number of seconds, more than 0";
  throw new Failure("USAGE", `AWS_METADATA_SERVICE_TIMEOUT: "${text}"`, { hint });
}

function parseRetries(options: ImdsOptions, env: Env): number {
  if (options.retries !== undefined) {
    if (/^\d{1,6}$/.test(options.retries)) return Number(options.retries);
    const hint = "it is a whole number: 0 means one try";
    throw new Failure("USAGE", `--retries: "${options.retries}" is not a number of retries`, {
      hint,
    });
  }
  const attempts = env["AWS_METADATA_SERVICE_NUM_ATTEMPTS"];
  if (!attempts) return Infinity;
  if (/^[1-9]\d{0,5}$/.test(attempts)) return Number(attempts) - 1;
  const hint = "it is a whole number, 1 or more";
  throw new Failure("USAGE", `AWS_METADATA_SERVICE_NUM_ATTEMPTS: "${attempts}"`, { hint });
}
