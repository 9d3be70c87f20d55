import { describe, expect, test } from "bun:test";
import { chooseClient, findClients } from "../../../src/ephemeral-dhcp/choose-client.ts";
import { dhclient } from "../../../src/ephemeral-dhcp/clients/dhclient.ts";
import { dhcpcd } from "../../../src/ephemeral-dhcp/clients/dhcpcd.ts";
import type { Program } from "../../../src/ephemeral-dhcp/clients/program.ts";
import { buildProgramArgv } from "../../../src/ephemeral-dhcp/clients/run-program.ts";
import { udhcpc } from "../../../src/ephemeral-dhcp/clients/udhcpc.ts";
import { fakeFiles } from "../../kit/host/fake-host.ts";

interface Machine {
  /** Paths of the programs and files that exist. */
  readonly paths: readonly string[];
  /** What a command prints. */
  readonly output?: Readonly<Record<string, string>>;
}

const tools = ["/usr/bin/timeout", "/usr/bin/true"];

/** Finds the clients of a machine, and chooses one. */
async function choose({ paths, output = {} }: Machine) {
  const exec = async (argv: readonly string[]) => {
    const stdout = output[argv.join(" ")] ?? "";
    return { code: 0, isStarted: true, stdout, stderr: "" };
  };
  const files = fakeFiles(Object.fromEntries(paths.map((path) => [path, ""])));
  const { client, trace } = chooseClient(await findClients({ env: {}, exec, files }));
  return { client: client?.name ?? null, trace };
}

const versionOf = (version: string) => ({ "/usr/sbin/dhcpcd --version": `dhcpcd ${version}\n` });

describe("chooseClient takes the client that leaves the fewest changes", () => {
  const cases: readonly (readonly [string, Machine, string | null, readonly string[]])[] = [
    [
      "udhcpc, where all are installed",
      { paths: [...tools, "/sbin/udhcpc", "/sbin/dhclient", "/usr/sbin/dhcpcd"] },
      "udhcpc",
      ["udhcpc: used, as /sbin/udhcpc"],
    ],
    [
      "dhclient, where dhclient and dhcpcd are installed",
      { paths: [...tools, "/sbin/dhclient", "/usr/sbin/dhcpcd"] },
      "dhclient",
      ["udhcpc: not found", "dhclient: used, as /sbin/dhclient"],
    ],
    [
      "busybox, where it has udhcpc",
      { paths: [...tools, "/bin/busybox"], output: { "/bin/busybox --list": "true\nudhcpc\n" } },
      "udhcpc",
      ["udhcpc: used, as /bin/busybox udhcpc"],
    ],
    [
      "no busybox without udhcpc",
      { paths: [...tools, "/bin/busybox"], output: { "/bin/busybox --list": "true\nudhcpc6\n" } },
      null,
      ["udhcpc: not found", "dhclient: not found", "dhcpcd: not found", "networkd: not running"],
    ],
    [
      "dhcpcd, where no other client is installed",
      { paths: [...tools, "/usr/sbin/dhcpcd"], output: versionOf("9.4.1") },
      "dhcpcd",
      ["udhcpc: not found", "dhclient: not found", "dhcpcd: used, as /usr/sbin/dhcpcd"],
    ],
    [
      "not dhclient, where timeout(1) is missing",
      { paths: ["/usr/bin/true", "/sbin/dhclient"] },
      null,
      [
        "udhcpc: not found",
        "dhclient: needs timeout, which is not found",
        "dhcpcd: not found",
        "networkd: not running",
      ],
    ],
    [
      "not dhcpcd, where it runs as a daemon",
      { paths: [...tools, "/usr/sbin/dhcpcd", "/run/dhcpcd/pid"], output: versionOf("10.1.0") },
      null,
      [
        "udhcpc: not found",
        "dhclient: not found",
        "dhcpcd: already runs as a daemon for every NIC",
        "networkd: not running",
      ],
    ],
    [
      "not a dhcpcd without --noconfigure",
      { paths: [...tools, "/usr/sbin/dhcpcd"], output: versionOf("8.1.2") },
      null,
      [
        "udhcpc: not found",
        "dhclient: not found",
        "dhcpcd: version 8.1.2, but 9.4 or later is needed",
        "networkd: not running",
      ],
    ],
    [
      "dhcpcd 10: versions are not compared as text",
      { paths: [...tools, "/usr/sbin/dhcpcd"], output: versionOf("10.1.0") },
      "dhcpcd",
      ["udhcpc: not found", "dhclient: not found", "dhcpcd: used, as /usr/sbin/dhcpcd"],
    ],
    [
      "networkd, where no program does as a script without effect",
      { paths: ["/sbin/udhcpc", "/run/systemd/netif"] },
      "networkd",
      [
        "true: not found, and without it a client's own script would configure the NIC",
        "networkd: used for NICs that it does not manage",
      ],
    ],
  ];
  for (const [name, machine, client, trace] of cases) {
    test(name, async () =>
      expect(await choose(machine)).toEqual({ client: client as never, trace }),
    );
  }
});

// ec2nic runs as root, and any user may own a relative directory of PATH
test("findClients takes programs only from absolute directories, and also where they are links", async () => {
  const links = ["/opt/sbin/udhcpc", "bin/setpriv", "bin/true", "/bin/true"];
  const files = fakeFiles(Object.fromEntries(links.map((path) => [path, ""])));
  for (const path of links) await files.symlink(path, "");
  const exec = () => Promise.reject(new Error("no program is needed"));
  const found = await findClients({ env: { PATH: "bin:/opt/sbin" }, exec, files });
  expect(found.tools).toEqual({ noopScript: "/bin/true", timeout: null, setpriv: null });
  expect(found.programs[0]?.argv).toEqual(["/opt/sbin/udhcpc"]);
});

test.each([
  ["--pdeathsig", "/usr/bin/setpriv"],
  ["--clear-groups", null],
])("findClients uses a setpriv with %s: %s", async (stdout, setpriv) => {
  const files = fakeFiles({ "/usr/bin/setpriv": "" });
  const exec = async () => ({ code: 0, isStarted: true, stdout, stderr: "" });
  expect((await findClients({ env: {}, exec, files })).tools.setpriv).toBe(setpriv);
});

describe("buildProgramArgv", () => {
  const noopScript = "/usr/bin/true";
  const [timeout, setpriv] = ["/usr/bin/timeout", "/usr/bin/setpriv"];
  const cases: readonly (readonly [Program, string, string | null, string])[] = [
    [
      udhcpc,
      "/sbin/udhcpc",
      setpriv,
      "/usr/bin/setpriv --pdeathsig TERM -- /sbin/udhcpc -f -q -n -t 9 -T 1 -s /usr/bin/true -i eth1",
    ],
    [udhcpc, "/sbin/udhcpc", null, "/sbin/udhcpc -f -q -n -t 9 -T 1 -s /usr/bin/true -i eth1"],
    [
      dhclient,
      "/sbin/dhclient",
      null,
      "/usr/bin/timeout -s TERM 9 /sbin/dhclient -4 -1 -d -v -cf /run/ec2nic/none/conf" +
        " -lf /run/ec2nic/none/leases --no-pid -sf /usr/bin/true eth1",
    ],
    [
      dhcpcd,
      "/usr/sbin/dhcpcd",
      null,
      "/usr/bin/timeout -s TERM 9 /usr/sbin/dhcpcd -4 --oneshot --nobackground --timeout 9" +
        " --nodelay --noarp --noipv4ll --noconfigure --config /run/ec2nic/none/conf" +
        " --script /usr/bin/true eth1",
    ],
  ];
  for (const [program, path, wrapper, expected] of cases) {
    const setup = { program, argv: [path], noopScript, tools: { timeout, setpriv: wrapper } };
    test(expected, () => expect(buildProgramArgv(setup, "eth1", 9).join(" ")).toBe(expected));
  }
});
