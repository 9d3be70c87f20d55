import type { DhcpEvent, DhcpLease } from "../../../src/model/dhcp.ts";
import type { KernelState } from "../../../src/model/kernel-state.ts";
import { configure } from "../../../src/plan/config/configure.ts";
import { type FromDhcpFacts, planFromDhcp } from "../../../src/plan/lease/plan.ts";
import type { RuleStyle } from "../../../src/model/network-config.ts";
import { renderNetworkManager } from "../../../src/render/network-manager.ts";
import { renderNetworkd } from "../../../src/render/networkd.ts";
import { kernelAddress, afterStep, expectedKernelFor, kernelRoute } from "./kernel-model.ts";
import { eniAt, familyOf, linkAt } from "./nics.ts";

export const lease: DhcpLease = {
  address: "10.0.1.10",
  subnet: "10.0.1.0/24",
  routers: ["10.0.1.1"],
  mtu: 9001,
  leaseSeconds: 3600,
};
export const bound = (changes: Partial<DhcpLease> = {}): DhcpEvent => {
  const summary = "dhclient: BOUND";
  return {
    kind: "bound",
    client: "dhclient",
    nic: "ens6",
    summary,
    lease: { ...lease, ...changes },
  };
};
export const released = (address: string | null): DhcpEvent => {
  return {
    kind: "released",
    client: "dhclient",
    nic: "ens6",
    summary: "dhclient: RELEASE",
    address,
  };
};
export const irrelevant: DhcpEvent = {
  kind: "irrelevant",
  client: "networkd",
  summary: "networkd: 0 leases",
};

export const enis = [
  eniAt(0, { id: "eni-0a" }),
  eniAt(1, {
    id: "eni-0b",
    ipv4: { ...familyOf(["10.0.1.10", "10.0.1.20"], "10.0.1.0/24"), vpcCidrs: ["10.0.0.0/16"] },
  }),
];
/** The files of these ENIs; those of NetworkManager have rules without link groups. */
export const renderFiles = (some = enis, ruleStyle: RuleStyle = "prefix") => {
  const nics = some.map((eni) => ({ eni, link: linkAt(eni.deviceNumber) }));
  const render = ruleStyle === "group" ? renderNetworkd : renderNetworkManager;
  return render(configure(nics, { ruleStyle }));
};

/** The kernel of two NICs with a lease each, and the default route of main through the first. */
export const kernelWithLeases: KernelState = {
  links: [],
  addresses: [kernelAddress("ens5", "10.0.0.10/24"), kernelAddress("ens6", "10.0.1.10/24")],
  routes: [
    kernelRoute("ens5", { gateway: "10.0.0.1", metric: 100 }),
    kernelRoute("ens6", { gateway: "10.0.1.1", metric: 101 }),
  ],
  rules: [],
};
export const leaseFacts = (changes: Partial<FromDhcpFacts> = {}): FromDhcpFacts => ({
  links: [linkAt(0), linkAt(1)],
  state: { files: [], unmanaged: null },
  kernel: kernelWithLeases,
  ...changes,
});
export const withFiles = (files = renderFiles()) => ({ state: { files, unmanaged: null } });
export const planFor = (event: DhcpEvent, changes: Partial<FromDhcpFacts> = {}) =>
  planFromDhcp(event, leaseFacts(changes));
export const commandsFor = (event: DhcpEvent, changes: Partial<FromDhcpFacts> = {}) =>
  planFor(event, changes).steps.map(({ argv }) => argv.join(" "));
/** The state of the kernel after the steps of an event. */
export const kernelAfter = (
  event: DhcpEvent,
  changes: Partial<FromDhcpFacts> = {},
): KernelState => {
  const model = expectedKernelFor(enis, [], "prefix");
  return planFor(event, changes).steps.reduce(
    (state, step) => afterStep(state, step, model),
    changes.kernel ?? kernelWithLeases,
  );
};

export const provisionalCommands = [
  "ip -4 route replace 10.0.1.0/24 dev ens6 table 13200 proto static",
  "ip -4 route replace 169.254.168.0/22 via 10.0.1.1 dev ens6 table 13200 proto static",
  "ip -4 route replace default via 10.0.1.1 dev ens6 table 13200 proto static",
  "ip -4 rule add priority 2624 table 13200 from 10.0.1.10/32 suppress_prefixlength 0 protocol static",
  "ip -4 rule add priority 3724 table 254 from 10.0.1.10/32 suppress_prefixlength 1 protocol static",
  "ip -4 rule add priority 4824 table 13200 from 10.0.1.10/32 protocol static",
];
/** The commands that remove these rules and their table, also where some are already gone. */
export const removalCommands = [
  "ip -4 rule flush priority 2624 from 10.0.1.10 table 13200",
  "ip -4 rule flush priority 3724 from 10.0.1.10 table 254",
  "ip -4 rule flush priority 4824 from 10.0.1.10 table 13200",
  "ip -4 route flush table 13200",
];
