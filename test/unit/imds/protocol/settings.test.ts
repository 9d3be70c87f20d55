import { expect, test } from "bun:test";
import { parseImdsSettings } from "../../../../src/imds/protocol/settings.ts";

const none = {
  endpoint: [],
  timeout: undefined,
  retries: undefined,
  interface: undefined,
  dhcp: false,
};
const of = (
  env: Record<string, string> = {},
  flags: Partial<Parameters<typeof parseImdsSettings>[0]> = {},
) => parseImdsSettings({ ...none, ...flags }, env);

test("the default is both endpoints, 60 s in total, 2 s for a try and 1 s to connect", () => {
  expect(of()).toEqual({
    endpoints: ["http://169.254.169.254", "http://[fd00:ec2::254]"],
    timeoutMs: 60_000,
    tryMs: 2000,
    connectMs: 1000,
    retries: Infinity,
    nic: null,
    paths: "any",
    dhcp: false,
  });
});

const v6 = "http://[fd00:ec2::254]";
const cases: readonly (readonly [Record<string, string>, object])[] = [
  [{ AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://x/" }, { endpoints: ["http://x"] }],
  [{ AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv6" }, { endpoints: ["http://[fd00:ec2::254]"] }],
  [{ AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "ipv4" }, { endpoints: ["http://169.254.169.254"] }],
  [
    {
      AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://x",
      AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv6",
    },
    { endpoints: ["http://x"] },
  ],
  [{ AWS_METADATA_SERVICE_TIMEOUT: "0.5" }, { tryMs: 500, connectMs: 500 }],
  [{ AWS_METADATA_SERVICE_TIMEOUT: "10" }, { tryMs: 10_000, connectMs: 1000 }],
  [{ AWS_METADATA_SERVICE_TIMEOUT: "" }, { tryMs: 2000 }],
  [{ AWS_METADATA_SERVICE_NUM_ATTEMPTS: "1" }, { retries: 0 }],
  [{ AWS_METADATA_SERVICE_NUM_ATTEMPTS: "5" }, { retries: 4 }],
  // botocore's ConfigValueStore converts it with int()
  [{ AWS_METADATA_SERVICE_NUM_ATTEMPTS: " +05\n" }, { retries: 4 }],
  [{ AWS_METADATA_SERVICE_NUM_ATTEMPTS: "" }, { retries: Infinity }],
  [{ AWS_EC2_METADATA_SERVICE_ENDPOINT: "" }, { endpoints: ["http://169.254.169.254", v6] }],
  ...["false", "", "0", "1", "yes"].map(
    (value) => [{ AWS_EC2_METADATA_DISABLED: value }, { retries: Infinity }] as const,
  ),
];

test.each(cases)("%p", (env, settings) => {
  expect(of(env)).toMatchObject(settings);
});

test("flags override the environment", () => {
  const env = {
    AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://env",
    AWS_METADATA_SERVICE_NUM_ATTEMPTS: "9",
  };
  expect(
    of(env, { endpoint: ["http://a", "http://b"], retries: "2", timeout: "1.5s" }),
  ).toMatchObject({
    endpoints: ["http://a", "http://b"],
    retries: 2,
    timeoutMs: 1500,
  });
});

test.each<[string, string, string]>([
  ["AWS_EC2_METADATA_DISABLED", "true", "CONFIG"],
  ["AWS_EC2_METADATA_DISABLED", "True", "CONFIG"],
  ["AWS_EC2_METADATA_DISABLED", "TRUE", "CONFIG"],
  ["AWS_EC2_METADATA_SERVICE_ENDPOINT", "ftp://x", "USAGE"],
  ["AWS_EC2_METADATA_SERVICE_ENDPOINT", "x", "USAGE"],
  ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "both", "USAGE"],
  ["AWS_METADATA_SERVICE_TIMEOUT", "-1", "USAGE"],
  ["AWS_METADATA_SERVICE_TIMEOUT", "1s", "USAGE"],
  ["AWS_METADATA_SERVICE_TIMEOUT", "0", "USAGE"],
  ["AWS_METADATA_SERVICE_TIMEOUT", "Infinity", "USAGE"],
  ["AWS_METADATA_SERVICE_NUM_ATTEMPTS", "0", "USAGE"],
  ["AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1.5", "USAGE"],
  ["AWS_METADATA_SERVICE_NUM_ATTEMPTS", "-1", "USAGE"],
  ["AWS_METADATA_SERVICE_NUM_ATTEMPTS", "5 6", "USAGE"],
])("%s=%s throws %s and names the variable", (name, value, kind) => {
  expect(() => of({ [name]: value })).toThrow(
    expect.objectContaining({ kind, message: expect.stringContaining(name) }),
  );
});

test.each(["", "a/b", "..", "a b", "sixteen-chars-ab", "eth0:1"])(
  "--interface %p is refused: no link can have that name",
  (name) => {
    expect(() => of({}, { interface: name })).toThrow(`"${name}" can't be the name of a NIC`);
  },
);

test("--interface is refused with an endpoint that has a host name", () => {
  expect(() => of({}, { interface: "eth0", endpoint: ["http://imds:80"] })).toThrow("a host name");
  expect(of({}, { endpoint: ["http://imds:80"] })).toMatchObject({ nic: null });
});

test("--interface accepts names that the kernel accepts", () => {
  expect(of({}, { interface: "fifteen-chars-a" })).toMatchObject({ nic: "fifteen-chars-a" });
  expect(of({}, { interface: "eth0.100" })).toMatchObject({ nic: "eth0.100" });
});
