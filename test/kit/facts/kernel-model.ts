import { hostCidr, prefixLength } from "../../../src/model/ip.ts";
import type {
  KernelAddress,
  KernelRoute,
  KernelRule,
  KernelState,
} from "../../../src/model/kernel-state.ts";
import type { Step } from "../../../src/model/plan.ts";
import type { Eni } from "../../../src/model/eni.ts";
import { configure } from "../../../src/plan/config/configure.ts";
import {
  type ExpectedKernel,
  expectedKernel,
  type ExpectedNic,
} from "../../../src/plan/drift/expected-kernel.ts";
import { linkAt } from "./nics.ts";

/** What the kernel must have for these ENIs, which all have a link; `left`: unmanaged ENIs. */
export function expectedKernelFor(enis: readonly Eni[], left: readonly Eni[] = []): ExpectedKernel {
  const nics = enis.map((eni) => ({ eni, link: linkAt(eni.deviceNumber) }));
  const config = configure(nics, enis.length + left.length === 1);
  return expectedKernel(config, { enis: [...enis, ...left], incomplete: [] });
}

/** A kernel state that has what is expected, and nothing else. */
export function kernelAsExpected({ nics }: ExpectedKernel): KernelState {
  return {
    addresses: nics.flatMap((nic) =>
      nic.addresses.map(({ cidr }) => kernelAddress(nic.name, cidr)),
    ),
    routes: nics.flatMap(routesOf),
    rules: nics.flatMap(({ rules }) => rules.map((rule) => ({ ...rule, isPlain: true }))),
  };
}

export function kernelAddress(link: string, cidr: string): KernelAddress {
  const address = cidr.slice(0, cidr.indexOf("/"));
  return { link, address, prefixLength: prefixLength(cidr), isDuplicate: false };
}

export function kernelRoute(link: string, changes: Partial<KernelRoute>): KernelRoute {
  const nothing = { gateway: null, table: 254, metric: 0 };
  return { family: 4, destination: "0.0.0.0/0", ...nothing, link, ...changes };
}

function routesOf({ name, routes, defaultRouteFamilies }: ExpectedNic): readonly KernelRoute[] {
  return [
    ...routes.map(({ family, destination, gateway, table }) =>
      kernelRoute(name, { family, destination, gateway, table }),
    ),
    ...defaultRouteFamilies.map((family) => {
      const [destination, gateway] = family === 4 ? ["0.0.0.0/0", "10.0.0.1"] : ["::/0", "fe80::1"];
      return kernelRoute(name, { family, destination, gateway, metric: 512 });
    }),
  ];
}

/** The state after a step; a daemon that is called adds the leased addresses of its NIC. */
export function afterStep(state: KernelState, step: Step, expected: ExpectedKernel): KernelState {
  const [program = "", flag = "", object = "", verb = "", ...words] = step.argv;
  if (program !== "ip") return afterDaemonRequest(state, step, expected);
  const family = flag === "-4" ? 4 : 6;
  const at = (key: string) => words[words.indexOf(key) + 1] ?? "";
  const optional = (key: string) => (words.includes(key) ? at(key) : null);
  if (object === "address") {
    const address = kernelAddress(at("dev"), words[0] ?? "");
    const rest = state.addresses.filter((each) => identityOf(each) !== identityOf(address));
    return { ...state, addresses: verb === "del" ? rest : [...rest, address] };
  }
  const isMeant = (rule: KernelRule): boolean =>
    rule.family === family &&
    rule.priority === Number(at("priority")) &&
    rule.from === cidrOf(at("from"), family) &&
    rule.to === (words.includes("to") ? cidrOf(at("to"), family) : null) &&
    rule.table === Number(at("table"));
  if (object === "route" && verb === "flush") {
    const table = Number(at("table"));
    return { ...state, routes: state.routes.filter((route) => route.table !== table) };
  }
  if (object === "route") {
    const destination = cidrOf(words[0] ?? "", family);
    const [table, metric] = [Number(at("table")), Number(optional("metric") ?? 0)];
    const gateway = optional("via");
    const route = kernelRoute(at("dev"), { family, destination, gateway, table, metric });
    const routeSlot = (each: KernelRoute) =>
      [each.family, each.destination, each.table, each.metric].join(" ");
    const rest = state.routes.filter((each) => routeSlot(each) !== routeSlot(route));
    return { ...state, routes: [...rest, route] };
  }
  if (verb === "flush") return { ...state, rules: state.rules.filter((rule) => !isMeant(rule)) };
  const rule: KernelRule = {
    family,
    priority: Number(at("priority")),
    from: at("from"),
    to: optional("to"),
    table: Number(at("table")),
    ignoresDefault: words.includes("suppress_prefixlength"),
    isPlain: true,
  };
  const rest = state.rules.filter((each) => identityOf(each) !== identityOf(rule));
  if ((verb === "add") === rest.length < state.rules.length)
    throw new Error(`${verb}: ${identityOf(rule)}`);
  return { ...state, rules: verb === "del" ? rest : [...rest, rule] };
}

function afterDaemonRequest(
  state: KernelState,
  { argv }: Step,
  { nics }: ExpectedKernel,
): KernelState {
  const nic = nics.find(({ name }) => name === argv.at(-1));
  const leased = (nic?.addresses ?? [])
    .filter(({ isLeased }) => isLeased)
    .map(({ cidr }) => kernelAddress(nic?.name ?? "", cidr));
  const keys = new Set(leased.map(identityOf));
  const rest = state.addresses.filter((each) => !keys.has(identityOf(each)));
  return { ...state, addresses: [...rest, ...leased] };
}

/** The fields that identify an address, a route or a rule; its protocol is not one of them. */
export function identityOf(thing: KernelAddress | KernelRoute | KernelRule): string {
  if ("address" in thing) return [thing.link, thing.address].join(" ");
  if ("gateway" in thing) {
    return [thing.family, thing.destination, thing.gateway, thing.link, thing.table].join(" ");
  }
  const { family, priority, from, to, table, ignoresDefault, isPlain } = thing;
  return [family, priority, from, to, table, ignoresDefault, isPlain].join(" ");
}

/** The identities of a state, sorted: equal lists mean equal states. */
export function identitiesOf({ addresses, routes, rules }: KernelState): readonly string[] {
  return [...addresses, ...routes, ...rules].map(identityOf).toSorted();
}

function cidrOf(word: string, family: 4 | 6): string {
  if (word === "default") return family === 4 ? "0.0.0.0/0" : "::/0";
  return word.includes("/") ? word : hostCidr(word);
}
