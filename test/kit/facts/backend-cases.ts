import type { BackendFacts, DaemonFacts } from "../../../src/model/backend-facts.ts";
import type { Backend } from "../../../src/model/plan.ts";

export const notInstalled: DaemonFacts = { isInstalled: false, isEnabled: false, isRunning: false };
export const notEnabled: DaemonFacts = { isInstalled: true, isEnabled: false, isRunning: false };
export const enabled: DaemonFacts = { ...notEnabled, isEnabled: true };
export const running: DaemonFacts = { ...enabled, isRunning: true };
const started: DaemonFacts = { ...running, isEnabled: false };

export const noNetplan: BackendFacts["netplan"] = { isInstalled: false, files: [], renderer: null };
const netplan: BackendFacts["netplan"] = {
  isInstalled: true,
  files: ["/etc/netplan/50-cloud-init.yaml", "/etc/netplan/90-admin.yaml"],
  renderer: null,
};
const configured =
  "netplan: installed, configured by /etc/netplan/50-cloud-init.yaml, /etc/netplan/90-admin.yaml";

export interface BackendCase {
  readonly name: string;
  readonly facts: Partial<BackendFacts>;
  readonly requested?: Backend;
  readonly stage?: "local" | "network";
  /** The backend, for netplan with its renderer; a `-` at the end: files only. */
  readonly chosen: string;
  readonly trace: readonly string[];
}

/** Typical machines, with the backend that manages their network, and the trace of that choice. */
export const backendCases: readonly BackendCase[] = [
  {
    name: "Debian's and Ubuntu's cloud images",
    facts: { netplan, networkd: running },
    chosen: "netplan/networkd",
    trace: [
      `${configured}, renderer networkd by default`,
      "network-manager: not installed",
      "networkd: enabled, running",
      "netplan is in charge, on networkd",
    ],
  },
  {
    name: "Ubuntu with its desktop: netplan with the renderer NetworkManager",
    facts: {
      netplan: { ...netplan, renderer: "NetworkManager" },
      networkManager: running,
      networkd: notEnabled,
    },
    chosen: "netplan/NetworkManager",
    trace: [
      `${configured}, renderer NetworkManager`,
      "network-manager: enabled, running",
      "networkd: not enabled, not running",
      "netplan is in charge, on NetworkManager",
    ],
  },
  {
    name: "Amazon Linux 2023: networkd alone",
    facts: { networkd: running },
    chosen: "networkd",
    trace: [
      "netplan: not installed",
      "network-manager: not installed",
      "networkd: enabled, running",
      "networkd is in charge, because it is running",
    ],
  },
  {
    name: "RHEL and Fedora: NetworkManager alone",
    facts: { networkManager: running },
    chosen: "network-manager",
    trace: [
      "netplan: not installed",
      "network-manager: enabled, running",
      "networkd: not installed",
      "network-manager is in charge, because it is running",
    ],
  },
  {
    name: "all three installed, with cloud-init's file: netplan",
    facts: { netplan, networkManager: running, networkd: running },
    chosen: "netplan/networkd",
    trace: [
      `${configured}, renderer networkd by default`,
      "network-manager: enabled, running",
      "networkd: enabled, running",
      "netplan is in charge, on networkd",
    ],
  },
  {
    name: "netplan.io installed on Debian, NetworkManager used directly",
    facts: { netplan: { ...netplan, files: [] }, networkManager: running, networkd: notEnabled },
    chosen: "network-manager",
    trace: [
      "netplan: installed, with no configuration except ec2nic's",
      "network-manager: enabled, running",
      "networkd: not enabled, not running",
      "network-manager is in charge, because it is running",
    ],
  },
  {
    name: "NetworkManager installed, but inactive",
    facts: { networkManager: enabled, networkd: running },
    chosen: "networkd",
    trace: [
      "netplan: not installed",
      "network-manager: enabled, not running",
      "networkd: enabled, running",
      "networkd is in charge, because it is running",
    ],
  },
  {
    name: "both daemons run",
    facts: { networkManager: running, networkd: running },
    chosen: "network-manager",
    trace: [
      "netplan: not installed",
      "network-manager: enabled, running",
      "networkd: enabled, running",
      "network-manager is in charge: both are running, but it manages every NIC by default",
    ],
  },
  {
    name: "before the daemons are started: the one that is enabled",
    facts: { networkManager: notEnabled, networkd: enabled },
    stage: "local",
    chosen: "networkd-",
    trace: [
      "netplan: not installed",
      "network-manager: not enabled, not running",
      "networkd: enabled, not running",
      "networkd is in charge, because it is enabled",
    ],
  },
  {
    name: "before the daemons are started: both are enabled",
    facts: { networkManager: enabled, networkd: enabled },
    stage: "local",
    chosen: "network-manager-",
    trace: [
      "netplan: not installed",
      "network-manager: enabled, not running",
      "networkd: enabled, not running",
      "network-manager is in charge: both are enabled, but it manages every NIC by default",
    ],
  },
  {
    name: "the local stage on a running machine: an enabled daemon comes before a started one",
    facts: { networkManager: started, networkd: running },
    stage: "local",
    chosen: "networkd",
    trace: [
      "netplan: not installed",
      "network-manager: not enabled, running",
      "networkd: enabled, running",
      "networkd is in charge, because it is enabled",
    ],
  },
  {
    name: "the local stage on a running machine: no daemon is enabled, and one was started",
    facts: { networkManager: started },
    stage: "local",
    chosen: "network-manager",
    trace: [
      "netplan: not installed",
      "network-manager: not enabled, running",
      "networkd: not installed",
      "network-manager is in charge, because it is running",
    ],
  },
  {
    name: "the daemon in charge does not run: files only",
    facts: { networkd: enabled },
    chosen: "networkd-",
    trace: [
      "netplan: not installed",
      "network-manager: not installed",
      "networkd: enabled, not running",
      "networkd is in charge, because it is enabled",
      "networkd does not run, so only files are written",
    ],
  },
  {
    name: "netplan's renderer is not installed: not netplan",
    facts: { netplan: { ...netplan, renderer: "NetworkManager" }, networkd: running },
    chosen: "networkd",
    trace: [
      `${configured}, renderer NetworkManager, which is not installed`,
      "network-manager: not installed",
      "networkd: enabled, running",
      "networkd is in charge, because it is running",
    ],
  },
  {
    name: "a daemon in a container without systemd",
    facts: { hasSystemd: false, networkManager: started },
    chosen: "network-manager",
    trace: [
      "netplan: not installed",
      "network-manager: not enabled, running",
      "networkd: not installed",
      "network-manager is in charge, because it is running",
    ],
  },
  {
    name: "--backend names the backend in charge",
    facts: { networkd: running },
    requested: "networkd",
    chosen: "networkd",
    trace: [
      "netplan: not installed",
      "network-manager: not installed",
      "networkd: enabled, running",
      "networkd: requested with --backend, and in charge",
    ],
  },
  {
    name: "--backend names another backend than the one in charge",
    facts: { netplan, networkManager: enabled, networkd: running },
    requested: "network-manager",
    chosen: "network-manager-",
    trace: [
      `${configured}, renderer networkd by default`,
      "network-manager: enabled, not running",
      "networkd: enabled, running",
      "network-manager: requested with --backend, although netplan is in charge (stage network)",
      "network-manager does not run, so only files are written",
    ],
  },
  {
    name: "--backend for an image without any backend",
    facts: { hasSystemd: false },
    requested: "netplan",
    stage: "local",
    chosen: "netplan/networkd-",
    trace: [
      "netplan: not installed",
      "network-manager: not installed",
      "networkd: not installed",
      "netplan: requested with --backend, although no backend is in charge (stage local)",
    ],
  },
];
