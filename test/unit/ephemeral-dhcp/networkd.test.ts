import { describe, expect, test } from "bun:test";
import { networkd } from "../../../src/ephemeral-dhcp/clients/networkd.ts";
import { fakeClock, fakeFiles, fakeLog } from "../../kit/host/fake-host.ts";

const profile = "/run/systemd/network/00-ec2nic-lease-06a100000006.network";

/** The files of networkd on a machine whose NIC has this state. */
function machine(adminState: string, nic = "eth1") {
  const files = fakeFiles({
    [`/sys/class/net/${nic}/ifindex`]: "3\n",
    "/run/systemd/netif/links/3": `ADMIN_STATE=${adminState}\n`,
  });
  const done: string[] = [];
  const exec = async (argv: readonly string[]) => {
    const hasProfile = files.there.has(profile) ? "with profile" : "without profile";
    done.push(`${argv.join(" ")}, ${hasProfile}`);
    return { code: 0, isStarted: true, stdout: "", stderr: "" };
  };
  const endProcess = async () => undefined;
  const host = { clock: fakeClock(), endProcess, exec, files, log: fakeLog() };
  const request = { nic, mac: "06:a1:00:00:00:06", deadlineMs: 1000, onStart: endProcess };
  return { host, done, files, request };
}

test.each([
  ["eth1", "unmanaged", null],
  ["eth1", "configured", "networkd says it is configured"],
  ["eth1", "failed", "networkd says it is failed"],
  ["eth1", "", "networkd says it is unknown"],
  ["eth*", "unmanaged", "networkd would read its name as a pattern"],
  ["!eth1", "unmanaged", "networkd would read its name as a pattern"],
])("networkd can be used for %s, which is %s: %j", async (nic, state, obstacle) => {
  const { host } = machine(state, nic);
  expect(await networkd.findObstacle(host, nic)).toBe(obstacle);
});

describe("a request to networkd", () => {
  const reloads = ["networkctl reload, with profile", "networkctl reload, without profile"];

  test("returns the leased address, and leaves no profile", async () => {
    const { host, done, files, request } = machine("unmanaged");
    await files.write("/run/systemd/netif/leases/3", "ADDRESS=10.0.1.20\n", 0o644);
    const signal = new AbortController().signal;
    expect(await networkd.request(host, { ...request, signal })).toBe("10.0.1.20");
    expect(done).toEqual(reloads);
  });

  test("leaves no profile where a signal ends it", async () => {
    const { host, done, request } = machine("unmanaged");
    const signal = AbortSignal.abort(new Error("ended by SIGTERM"));
    await expect(networkd.request(host, { ...request, signal })).rejects.toThrow("SIGTERM");
    expect(done.slice(0, 2)).toEqual(reloads);
  });
});
