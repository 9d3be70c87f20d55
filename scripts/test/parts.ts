import { vmTools } from "../../test/kit/vm/tools.ts";

/** The parts of `make test`. Each test file belongs to one part, or to the long tests. */
export interface Part {
  readonly name: string;
  /** What it tests, for a person who chooses. */
  readonly what: string;
  /** How long it takes on two processors that do nothing else. */
  readonly seconds: number;
  /** Whether (most of) its tests are skipped without root. */
  readonly needsRoot?: boolean;
  /** The programs that its tests run, with their Debian packages; without them tests are skipped. */
  readonly tools?: Readonly<Record<string, string>>;
  /** Folders and files. Each group is a process of its own: the longest part has several. */
  readonly groups: readonly (readonly string[])[];
  /** What it needs besides its files: root file systems of machines, or of virtual machines. */
  readonly roots?: "machine" | "vm";
}

const netnsTools = {
  busybox: "busybox",
  curl: "curl",
  dnsmasq: "dnsmasq-base",
  ip: "iproute2",
  iptables: "iptables",
  nft: "nftables",
  script: "bsdutils",
  sysctl: "procps",
};
const machineTools = {
  dnsmasq: "dnsmasq-base",
  ip: "iproute2",
  mmdebstrap: "mmdebstrap",
  netplan: "netplan.io",
  nft: "nftables",
};

export const parts: readonly Part[] = [
  { name: "style", what: "format, lint and types", seconds: 15, groups: [] },
  {
    name: "unit",
    what: "functions, golden cases, documents",
    seconds: 15,
    groups: [
      [
        "test/architecture.test.ts",
        "test/words.test.ts",
        "test/docs/",
        "test/golden/",
        "test/unit/",
      ],
    ],
  },
  {
    name: "machine",
    what: "Debian machines in a simulated VPC",
    seconds: 1000,
    needsRoot: true,
    tools: machineTools,
    roots: "machine",
    groups: [
      ["test/machine/hotplug/"],
      ["test/machine/dhcp/"],
      ["test/machine/activate/"],
      ["test/machine/routing/"],
      ["test/machine/kit/", "test/machine/readers/", "test/machine/rescue.test.ts"],
    ],
  },
  {
    name: "netns",
    what: "NICs in network namespaces",
    seconds: 200,
    needsRoot: true,
    tools: netnsTools,
    groups: [["test/netns/"]],
  },
  {
    name: "cli",
    what: "the executable: HTTP, shells, terminals",
    seconds: 100,
    tools: {
      dash: "dash",
      ip: "iproute2",
      script: "bsdutils",
      setpriv: "util-linux",
      strace: "strace",
      zsh: "zsh",
    },
    groups: [["test/cli/"]],
  },
  {
    name: "vm",
    what: "three scenarios in virtual machines",
    seconds: 90,
    needsRoot: true,
    roots: "vm",
    tools: { ...machineTools, ...vmTools },
    // of the scenarios of `make lab`, those that show most within minutes
    groups: [["accelerator", "udev-events", "hotplug"].map((name) => `test/vm/${name}.test.ts`)],
  },
  {
    name: "fuzz",
    what: "changed answers of IMDS, properties",
    seconds: 60,
    tools: netnsTools,
    groups: [["test/fuzz/"]],
  },
  { name: "simulator", what: "the simulated IMDS", seconds: 20, groups: [["test/simulator/"]] },
  {
    name: "security",
    what: "threats that no other part covers",
    seconds: 20,
    tools: { setpriv: "util-linux" },
    groups: [["test/security/"]],
  },
  {
    name: "release",
    what: "man page, completions, packaged rules",
    seconds: 30,
    tools: {
      busybox: "busybox",
      fish: "fish",
      groff: "groff-base",
      mandoc: "mandoc",
      readelf: "binutils",
      script: "bsdutils",
      zsh: "zsh",
    },
    groups: [
      [
        "test/release/bill-of-materials.test.ts",
        "test/release/completions.test.ts",
        "test/release/man-page.test.ts",
      ],
    ],
  },
];

/** The files that have another target, `make lab` and `make release-test`: they take long. */
export const longTests = /^test\/(?:vm|release)\//;

/** The parts with these names, `unit,cli`; all where there is no name; a message for unknown names. */
export function chooseParts(names: string): readonly Part[] | string {
  const wanted = names.split(",").filter((name) => name !== "");
  const known = parts.map(({ name }) => name);
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    return `no part of make test: ${unknown.join(", ")}; there are ${known.join(", ")}`;
  return parts.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
}
