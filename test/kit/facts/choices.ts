import type { Activation, Backend, NetplanRenderer } from "../../../src/model/plan.ts";
import type { NetworkConfig } from "../../../src/model/network-config.ts";
import type { PlanTarget } from "../../../src/plan/files/plan-network.ts";
import { renderNetplan } from "../../../src/render/netplan.ts";
import { renderNetworkManager } from "../../../src/render/network-manager.ts";
import { renderNetworkd } from "../../../src/render/networkd.ts";

export interface BackendChoice extends PlanTarget {
  readonly activation: Activation;
}

/** A backend in charge whose daemon is not started yet: files only. */
export function choiceOf(backend: Backend, renderer: NetplanRenderer = "networkd"): BackendChoice {
  const renderers = {
    netplan: (config: NetworkConfig) => renderNetplan(config, renderer),
    "network-manager": renderNetworkManager,
    networkd: renderNetworkd,
  };
  const activation: Activation = {
    backend,
    renderer: backend === "netplan" ? renderer : null,
    stage: "local",
    isRunning: false,
    hasSystemd: true,
    activeProfiles: {},
  };
  const usesNetworkd = backend === "networkd" || activation.renderer === "networkd";
  const ruleStyle = usesNetworkd ? "group" : "prefix";
  const render = renderers[backend];
  return { backend, activation, render, ruleStyle, machineFiles: [], trace: [] };
}
