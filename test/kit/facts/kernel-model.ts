import { hostCidr, prefixLength } from "../../../src/model/ip.ts";
import type {
  KernelAddress,
  KernelLink,
  KernelRoute,
  KernelRule,
  KernelState,
} from "../../../src/model/kernel-state.ts";
import type { RuleStyle } from "../../../src/model/network-config.ts";
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
export function expectedKernelFor(
  enis: readonly Eni[],
  left: readonly Eni[] = [],
  ruleStyle: RuleStyle = "group",
): ExpectedKernel {
  const nics = enis.map((eni) => ({ eni, link: linkAt(eni.deviceNumber) }));
  const config = configure(nics, { ruleStyle });
  return expectedKernel(config, { enis: [...enis, ...left], incomplete: [] });
}

/** A kernel state that has what is expected, and nothing else. */
export function kernelAsExpected({ nics }: ExpectedKernel): KernelState {
  return {
    links: nics.map(({ name, linkGroup }) => ({ name, group: linkGroup ?? 0 })),
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
  const hop = { type: "unicast", gateway: null, table: 254, metric: 0 } as const;
  return { family: 4, destination: "0.0.0.0/0", ...hop, link, ...changes };
}

function routesOf({ name, routes, defaultRouteFamilies }: ExpectedNic): readonly KernelRoute[] {
  return [
    ...routes.map(({ family, type, destination, gateway, table }) => {
      const link = type === "throw" ? null : name;
      return kernelRoute(name, { family, type, destination, gateway, table, link });
    }),
    ...defaultRouteFamilies.map((family) => {
      const [destination, gateway] = family === 4 ? ["0.0.0.0/0", "10.0.0.1"] : ["::/0", "fe80::1"];
      return kernelRoute(name, { family, destination, gateway, metric: 64 });
    }),
  ];
}

/** The state after a step; a daemon that is called adds the leased addresses of its NIC. */
export function afterStep(state: KernelState, step: Step, expected: ExpectedKernel): KernelState {
  const [program = "", flag = "", object = "", verb = "", ...words] = step.argv;
  if (program !== "ip") return afterDaemonRequest(state, step, expected);
  if (flag === "link") {
    const link = { name: words[0] ?? "", group: Number(words[2]) };
    const others = state.links.filter(({ name }) => name !== link.name);
    return { ...state, links: [...others, link] };
  }
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
    const isThrow = words[0] === "throw";
    const destination = cidrOf((isThrow ? words[1] : words[0]) ?? "", family);
    const [table, metric] = [Number(at("table")), Number(optional("metric") ?? 0)];
    const gateway = optional("via");
    const fields = { family, destination, gateway, table, metric } as const;
    const route = isThrow
      ? kernelRoute("", { ...fields, type: "throw", link: null })
      : kernelRoute(at("dev"), fields);
    const routeSlot = (each: KernelRoute) =>
      [each.family, each.destination, each.table, each.metric].join(" ");
    const rest = state.routes.filter((each) => routeSlot(each) !== routeSlot(route));
    return { ...state, routes: verb === "del" ? rest : [...rest, route] };
  }
  if (verb === "flush") return { ...state, rules: state.rules.filter((rule) => !isMeant(rule)) };
  const rule: KernelRule = {
    family,
    priority: Number(at("priority")),
    from: at("from"),
    to: optional("to"),
    table: Number(at("table")),
    suppressPrefixLength: numberOrNull(optional("suppress_prefixlength")),
    suppressGroup: numberOrNull(optional("suppress_ifgroup")),
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

function numberOrNull(text: string | null): number | null {
  return text === null ? null : Number(text);
}

/** The fields that identify an object of the kernel; the protocol is not one of them. */
export function identityOf(thing: KernelLink | KernelAddress | KernelRoute | KernelRule): string {
  if ("group" in thing) return [thing.name, thing.group].join(" ");
  if ("address" in thing) return [thing.link, thing.address].join(" ");
  if ("gateway" in thing) {
    const { type, destination, gateway, link, table } = thing;
    return [thing.family, type, destination, gateway, link, table].join(" ");
  }
  const { family, priority, from, to, table, isPlain } = thing;
  const suppressed = [thing.suppressPrefixLength, thing.suppressGroup];
  return [family, priority, from, to, table, ...suppressed, isPlain].join(" ");
}

/** The identities of a state, sorted: equal lists mean equal states. */
export function identitiesOf({ links, addresses, routes, rules }: KernelState): readonly string[] {
  return [...links, ...addresses, ...routes, ...rules].map(identityOf).toSorted();
}

function cidrOf(word: string, family: 4 | 6): string {
  if (word === "default") return family === 4 ? "0.0.0.0/0" : "::/0";
  return word.includes("/") ? word : hostCidr(word);
}
