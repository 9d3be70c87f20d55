import type { Family } from "./address.ts";
import type { Route, RoutingPolicyRule } from "./network-config.ts";

/** One thing on the machine that is not as it should be, with what it takes to mend it. */
export type Difference = Place & (OfFile | OfAddress | OfRoute | OfRule | OfDefaultRoute);

interface Place {
  /** null: of no NIC that is known now. */
  readonly mac: string | null;
  /** The link's name, where there is one. */
  readonly name: string | null;
  /** What is wrong, in a line that names the object. */
  readonly text: string;
}

/** A file of ours; `stale`: one that should not be there. */
interface OfFile {
  readonly kind: "file";
  readonly what: "missing" | "wrong" | "stale";
}

/** `wrong`: it is there, and duplicate address detection has failed. */
interface OfAddress {
  readonly kind: "address";
  readonly what: "missing" | "wrong";
  /** With the prefix length that it has or should have. */
  readonly cidr: string;
  /** DHCP hands it out: no one else can put it there. */
  readonly isLeased: boolean;
}

/** `wrong`: packets take another way to this destination. */
interface OfRoute {
  readonly kind: "route";
  readonly what: "missing" | "wrong";
  readonly route: Route;
  /** Of the route that stands in its place; null: none does. */
  readonly metric: number | null;
}

/** `stale`: one of ours that belongs to no ENI any more. */
interface OfRule {
  readonly kind: "rule";
  readonly what: "missing" | "stale";
  readonly rule: RoutingPolicyRule;
}

interface OfDefaultRoute {
  readonly kind: "default-route";
  readonly what: "missing";
  readonly family: Family;
}
