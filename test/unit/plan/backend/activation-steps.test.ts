import { describe, expect, test } from "bun:test";
import type { Activation, ConfigFile } from "../../../../src/model/plan.ts";
import {
  networkManagerDnsPath,
  dropInPath,
  networkdConfigPath,
  managedPath,
  profileUuid,
} from "../../../../src/model/managed-paths.ts";
import { activationSteps } from "../../../../src/plan/backend/activation-steps.ts";
import { rollbackSteps } from "../../../../src/plan/backend/rollback-steps.ts";
import { macAt } from "../../../kit/facts/nics.ts";

const running = { renderer: null, stage: "network", isRunning: true, hasSystemd: true } as const;
const networkd: Activation = { ...running, backend: "networkd", activeProfiles: {} };
const manager: Activation = { ...running, backend: "network-manager", activeProfiles: {} };
const onNetworkd: Activation = { ...networkd, backend: "netplan", renderer: "networkd" };
const onManager: Activation = { ...manager, backend: "netplan", renderer: "NetworkManager" };

const nics = [0, 1, 2].map((number) => {
  return { mac: macAt(number), name: `ens${number + 5}`, isPrimary: number === 0 };
});
const absent = nics.map((nic) => ({ ...nic, name: null }));
const uuid = (number: number) => profileUuid(`06aabbccdd0${number}`);

const file = (path: string, mac: string | null): ConfigFile => ({
  path,
  mac,
  content: "",
  mode: 0o600,
});
const written = (backend: Activation["backend"], ...numbers: readonly number[]) =>
  numbers.map((number) => file(managedPath(backend, macAt(number)), macAt(number)));
const line = ({ argv }: { readonly argv: readonly string[] }) => argv.join(" ");
const up = (number: number) =>
  `nmcli --wait 45 connection up uuid ${uuid(number)} ifname ens${number + 5}`;
const loading = (...numbers: readonly number[]) =>
  [
    "nmcli connection load",
    ...numbers.map((number) => managedPath("network-manager", macAt(number))),
  ].join(" ");
const reload = "systemctl reload-or-try-restart NetworkManager.service";

interface StepCase {
  readonly name: string;
  readonly activation: Activation;
  readonly write?: readonly ConfigFile[];
  readonly remove?: readonly string[];
  readonly found?: typeof nics | typeof absent;
  readonly expected: readonly string[];
}

const table: readonly StepCase[] = [
  ...[networkd, manager, onNetworkd, onManager].flatMap((activation): readonly StepCase[] => {
    const { backend, renderer } = activation;
    const name = renderer === null ? backend : `${backend} on ${renderer}`;
    const row = { write: written(backend, 0, 1), expected: [] };
    const local = { ...activation, stage: "local" } as const;
    const stopped = { ...activation, isRunning: false };
    return [
      { name: `${name}: nothing changed`, activation, expected: [] },
      { name: `${name}: the local stage`, activation: local, ...row },
      { name: `${name}: the daemon does not run`, activation: stopped, ...row },
    ];
  }),
  {
    name: "networkd: one NIC's file changed",
    activation: networkd,
    write: written("networkd", 1),
    expected: ["networkctl reload"],
  },
  {
    name: "networkd: a NIC is retired",
    activation: networkd,
    remove: [managedPath("networkd", macAt(3))],
    expected: ["networkctl reload"],
  },
  {
    name: "networkd: only its own configuration changed, which it reads only at its start",
    activation: networkd,
    write: [file(networkdConfigPath, null)],
    expected: [],
  },
  {
    name: "netplan on networkd: one NIC's file changed",
    activation: onNetworkd,
    write: written("netplan", 1),
    expected: ["netplan generate", "networkctl reload"],
  },
  {
    name: "netplan on networkd: only a drop-in changed",
    activation: onNetworkd,
    write: [file(dropInPath(macAt(1)), macAt(1))],
    expected: ["netplan generate", "networkctl reload"],
  },
  {
    name: "netplan on networkd: a DNS setting of NetworkManager does not concern networkd",
    activation: onNetworkd,
    write: [file(networkManagerDnsPath, null)],
    expected: [],
  },
  {
    name: "NetworkManager: one NIC, whose profile is not up yet",
    activation: { ...manager, activeProfiles: { ens5: uuid(0), ens6: "another" } },
    write: written("network-manager", 1),
    expected: [loading(1), up(1)],
  },
  {
    name: "NetworkManager: one NIC, whose profile is up and changed",
    activation: { ...manager, activeProfiles: { ens6: uuid(1) } },
    write: written("network-manager", 1),
    expected: [loading(1), "nmcli device reapply ens6"],
  },
  {
    name: "NetworkManager: all NICs, the primary last",
    activation: manager,
    write: written("network-manager", 0, 1, 2),
    expected: [reload, loading(0, 1, 2), up(1), up(2), up(0)],
  },
  {
    name: "NetworkManager: an unchanged primary is in no command",
    activation: manager,
    write: written("network-manager", 1, 2),
    expected: [reload, loading(1, 2), up(1), up(2)],
  },
  {
    name: "NetworkManager without systemd",
    activation: { ...manager, hasSystemd: false },
    write: written("network-manager", 1, 2),
    expected: ["nmcli general reload", loading(1, 2), up(1), up(2)],
  },
  {
    name: "NetworkManager: the profile of an absent NIC is only loaded",
    activation: manager,
    write: written("network-manager", 1),
    found: absent,
    expected: [loading(1)],
  },
  {
    name: "NetworkManager: a NIC is retired",
    activation: manager,
    remove: [managedPath("network-manager", macAt(3))],
    expected: ["nmcli connection reload"],
  },
  {
    name: "NetworkManager: only its DNS setting changed",
    activation: manager,
    write: [file(networkManagerDnsPath, null)],
    expected: [reload],
  },
  {
    name: "NetworkManager: one NIC changed, one is retired",
    activation: { ...manager, activeProfiles: { ens6: uuid(1) } },
    write: written("network-manager", 1),
    remove: [managedPath("network-manager", macAt(3))],
    expected: [reload, "nmcli connection reload", loading(1), "nmcli device reapply ens6"],
  },
  {
    name: "netplan on NetworkManager: one NIC",
    activation: onManager,
    write: written("netplan", 1),
    expected: [
      "netplan generate",
      "nmcli connection load /run/NetworkManager/system-connections/" +
        "netplan-a-ec2nic-06aabbccdd01.nmconnection",
      up(1),
    ],
  },
  {
    name: "netplan on NetworkManager: a NIC is retired",
    activation: onManager,
    remove: [managedPath("netplan", macAt(3))],
    expected: ["netplan generate", "nmcli connection reload"],
  },
];

describe("activationSteps", () => {
  test.each([...table])(
    "$name",
    ({ activation, write = [], remove = [], found = nics, expected }) => {
      const steps = activationSteps({ write, remove }, found, activation);
      expect(steps.map(line)).toEqual([...expected]);
    },
  );

  // networkd reconfigures each link whose file has a new inode
  test("netplan does not replace the files that stay the same", () => {
    const write = written("netplan", 1);
    for (const activation of [onNetworkd, onManager]) {
      const [generate] = activationSteps({ write, remove: [] }, nics, activation);
      expect(generate?.preservesDirectory).toBe("/run/systemd/network");
    }
  });

  test("a step that names a NIC has its MAC, and every step has a time limit and a reason", () => {
    const write = written("network-manager", 0, 1);
    const steps = activationSteps({ write, remove: [] }, nics, manager);
    expect(steps.map(({ mac }) => mac)).toEqual([null, null, macAt(1), macAt(0)]);
    for (const { timeoutMs, reason } of steps) {
      expect(timeoutMs).toBeWithin(1000, 60_001);
      expect(reason).toMatch(/^(?:NetworkManager|ens\d:) .+/);
    }
  });
});

describe("rollbackSteps", () => {
  test("networkd and netplan run the same steps with the old files", () => {
    for (const activation of [networkd, onNetworkd]) {
      const changes = { write: written(activation.backend, 1), remove: [] };
      expect(rollbackSteps(changes, nics, activation)).toEqual(
        activationSteps(changes, nics, activation),
      );
    }
  });

  test.each<Omit<StepCase, "remove">>([
    {
      name: "NetworkManager activates the previous profiles of the changed NICs",
      activation: { ...manager, activeProfiles: { ens5: uuid(0), ens6: "cloud-inits" } },
      write: written("network-manager", 1, 2),
      expected: [
        reload,
        "nmcli connection reload",
        "nmcli --wait 45 connection up uuid cloud-inits ifname ens6",
        "nmcli --wait 45 device connect ens7",
      ],
    },
    {
      name: "netplan on NetworkManager runs netplan first",
      activation: { ...onManager, activeProfiles: { ens6: "x" } },
      write: written("netplan", 1),
      expected: [
        "netplan generate",
        "nmcli connection reload",
        "nmcli --wait 45 connection up uuid x ifname ens6",
      ],
    },
    {
      name: "without systemd nmcli reloads NetworkManager, and absent NICs have no command",
      activation: { ...manager, hasSystemd: false },
      write: written("network-manager", 1, 2),
      found: absent,
      expected: ["nmcli general reload", "nmcli connection reload"],
    },
    { name: "no change needs no rollback", activation: manager, expected: [] },
  ])("$name", ({ activation, write = [], found = nics, expected }) => {
    const steps = rollbackSteps({ write, remove: [] }, found, activation);
    expect(steps.map(line)).toEqual([...expected]);
  });
});
