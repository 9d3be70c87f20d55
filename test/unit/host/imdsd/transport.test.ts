import { expect, test } from "bun:test";
import { openImdsd, createVarlinkTransport } from "../../../../src/host/imdsd/transport.ts";
import { openSession } from "../../../../src/imds/session.ts";
import type { Host } from "../../../../src/host/host.ts";
import { linkAddress } from "../../../kit/facts/link-states.ts";
import { fakeMachine } from "../../../kit/host/fake-machine.ts";
import { sysfs } from "../../../kit/host/sysfs.ts";
import { fakeClock, fakeLog } from "../../../kit/host/fake-host.ts";
import {
  type FakeImdsd,
  type ImdsdAnswer,
  type ImdsdCall,
  startFakeImdsd,
} from "../../../kit/host/fake-imdsd.ts";

/** The metadata behind imdsd. */
const metadata: Readonly<Record<string, string | Uint8Array>> = {
  "/meta-data/instance-id": "i-0123456789abcdef0",
  "/meta-data/placement": "availability-zone\nregion",
  "/meta-data/placement/": "availability-zone\nregion",
  "/user-data": new Uint8Array([0, 255, 10, 128]),
  "/meta-data/tags/instance/a%20b": "",
  "/meta-data/public-keys/": "0=my-key",
  "/meta-data/network/interfaces/macs/": "06:ec:2a:00:00:00/",
  "/meta-data/": "instance-id\nipv6\nplacement/\npublic-keys/",
  "/": "dynamic\nmeta-data\nuser-data",
};

const nameOf = (error: string): string => `io.systemd.InstanceMetadata.${error}`;
const answerCall = ({ parameters }: ImdsdCall): ImdsdAnswer => {
  const body = metadata[String(parameters["key"])];
  if (body === undefined) return { kind: "error", name: nameOf("KeyNotFound") };
  return { kind: "value", body };
};

const always = (answer: ImdsdAnswer) => () => answer;
const token = ({ fetch }: FakeImdsd) => fetch("/latest/api/token", { method: "PUT" });
const leaf = "/latest/meta-data/instance-id";

test.each([
  [leaf, "i-0123456789abcdef0"],
  ["/latest/user-data", new Uint8Array([0, 255, 10, 128])],
  ["/latest/meta-data/tags/instance/a%20b", ""],
  ["/latest/meta-data/placement", "availability-zone\nregion"],
  ["/latest/meta-data/placement/", "availability-zone\nregion"],
  ["/latest/", "dynamic\nmeta-data\nuser-data"],
  ["/latest", "dynamic\nmeta-data\nuser-data"],
])("%s is returned byte for byte", async (path, body) => {
  await using service = await startFakeImdsd(answerCall);
  const response = await service.fetch(path);
  expect(response.status).toBe(200);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(body));
  await service.idle();
});

test("a call names the key, and accepts no answer that is older than a second", async () => {
  await using service = await startFakeImdsd(answerCall);
  await service.fetch(leaf);
  expect(service.calls).toEqual([
    {
      method: "io.systemd.InstanceMetadata.Get",
      parameters: { key: "/meta-data/instance-id", refreshUSec: 1_000_000 },
    },
  ]);
});

test("a token is a fixed text, returned after the instance id was read", async () => {
  await using service = await startFakeImdsd(answerCall);
  const response = await token(service);
  expect(response.status).toBe(200);
  expect(await response.text()).toMatch(/^[\x21-\x7e]+$/);
  expect(service.calls.map(({ parameters }) => parameters["key"])).toEqual([
    "/meta-data/instance-id",
  ]);
});

test.each([
  [nameOf("KeyNotFound"), 404],
  [nameOf("NotAvailable"), 403],
  [nameOf("NotSupported"), 503],
  [nameOf("Timeout"), 504],
  [nameOf("CommunicationFailure"), 502],
  ["io.systemd.System", 502],
  ["org.varlink.service.InvalidParameter", 400],
])("the error %s is status %d, for a key and for the token", async (name, status) => {
  await using service = await startFakeImdsd(always({ kind: "error", name }));
  expect((await service.fetch(leaf)).status).toBe(status);
  expect((await token(service)).status).toBe(status);
  await service.idle();
});

test.each(["org.varlink.service.PermissionDenied", "io.systemd.InteractiveAuthenticationRequired"])(
  "the error %s is EACCES and not 403",
  async (name) => {
    await using service = await startFakeImdsd(always({ kind: "error", name }));
    await expect(service.fetch(leaf)).rejects.toMatchObject({ code: "EACCES" });
    await expect(token(service)).rejects.toMatchObject({ code: "EACCES" });
  },
);

test.each([
  ["/", {}, 400],
  ["/2009-04-04/meta-data/instance-id", {}, 400],
  [leaf, { method: "POST" }, 405],
  [leaf, { method: "PUT" }, 405],
])("%s with %p is status %d without a call", async (path, init, status) => {
  await using service = await startFakeImdsd(answerCall);
  expect((await service.fetch(path, init)).status).toBe(status);
  expect(service.calls).toEqual([]);
});

/** imdsd 262.1 gives the same error for a 404 with a body as for a 500. */
const answerLike262 = (call: ImdsdCall): ImdsdAnswer => {
  const answer = answerCall(call);
  return answer.kind === "error" ? { kind: "error", name: "io.systemd.System" } : answer;
};

test.each([
  ["/meta-data/nope", 404, "its folder does not list it"],
  ["/meta-data/nope/", 404, "its folder does not list it"],
  ["/meta-data/ipv6", 502, "its folder lists it"],
  ["/meta-data/public-keys/0", 502, "its folder lists it by number and name"],
  ["/meta-data/public-keys/my-key", 404, "a key is asked for by its number"],
  ["/meta-data/network/interfaces/macs/06:ec:2a:00:00:00/", 502, "it is listed"],
  ["/meta-data/network/interfaces/macs/06:ec:2a:00:00:01/ipv6s", 404, "its folder is not listed"],
  ["/meta-data/spot/a/b/c", 404, "no folder above it is listed"],
  ["/user-data/x", 502, "a leaf lists nothing"],
])(
  "where imdsd gives one error for an absent key and for a failure, %s is %d: %s",
  async (key, status) => {
    await using service = await startFakeImdsd(answerLike262);
    expect((await service.fetch(`/latest${key}`)).status).toBe(status);
    await service.idle();
  },
);

test("another error is no absence, and causes no second call", async () => {
  const slow: ImdsdAnswer = { kind: "error", name: nameOf("Timeout") };
  await using service = await startFakeImdsd((call) =>
    call.parameters["key"] === "/meta-data/nope" ? slow : answerCall(call),
  );
  expect((await service.fetch("/latest/meta-data/nope")).status).toBe(504);
  expect(service.calls).toHaveLength(1);
});

test("an error stays an error where no folder can be listed", async () => {
  await using service = await startFakeImdsd(always({ kind: "error", name: "io.systemd.System" }));
  expect((await service.fetch("/latest/meta-data/a/b")).status).toBe(502);
  expect(service.calls.map(({ parameters }) => parameters["key"])).toEqual([
    "/meta-data/a/b",
    "/meta-data/a/",
    "/meta-data/",
    "/",
  ]);
});

test("openImdsd finds imdsd by its socket, without a call", async () => {
  await using service = await startFakeImdsd(answerCall);
  expect(await openImdsd(service.path)).not.toBeNull();
  expect(await openImdsd(`${service.path}-not`)).toBeNull();
  expect(await openImdsd(import.meta.path)).toBeNull();
  expect(service.calls).toEqual([]);
});

/** A machine whose routes forbid IMDS to all programs but systemd-imdsd; a bound socket might bypass them. */
function lockedMachine(socketPath: string) {
  const bound: string[] = [];
  const forbid = () => Promise.reject(Object.assign(new Error("prohibit"), { code: "EACCES" }));
  const host: Host = {
    ...fakeMachine(),
    files: sysfs({
      ens5: { type: "1", flags: "0x1003", carrier: "1", device: { link: "0000:00:05.0" } },
    }),
    addresses: () => [linkAddress("ens5", "10.0.0.1")],
    lookUpRoute: async () => ({ kind: "forbidden" }),
    http: { fetch: forbid, canConnect: null },
    imdsd: async () => createVarlinkTransport(socketPath),
    bind: async ({ nic }) => {
      bound.push(nic);
      return "no";
    },
    clock: { ...fakeClock(), sleep: () => new Promise(() => undefined) },
    log: fakeLog(),
  };
  return { host, bound };
}

test("a session on a locked machine reads through imdsd, and tries no NIC", async () => {
  await using service = await startFakeImdsd(answerCall);
  const { host, bound } = lockedMachine(service.path);
  const session = openSession(host, {
    endpoints: ["http://169.254.169.254"],
    timeoutMs: 5000,
    tryMs: 2000,
    connectMs: 1000,
    retries: 0,
    nic: null,
    paths: "any",
    dhcp: false,
  });
  const text = async (path: readonly string[], asFolder = false) => {
    const bytes = await session.get(path, { asFolder });
    return bytes === null ? null : new TextDecoder().decode(bytes);
  };
  expect(await text(["meta-data", "instance-id"])).toBe("i-0123456789abcdef0");
  expect(await text(["meta-data", "placement"], true)).toBe("availability-zone\nregion");
  expect(await text(["meta-data", "ipv6"])).toBeNull();
  expect(await text(["meta-data", "tags", "instance", "a b"])).toBe("");
  // one of them went by the kernel's routing, and was refused
  expect(session.stats()).toMatchObject({
    requests: 6,
    retries: 0,
    interface: null,
    through: "imdsd",
  });
  expect(bound).toEqual([]);
  await session.close();
  await service.idle();
});
