import { Failure } from "../../exit.ts";
import { type MetadataPath } from "../../model/metadata.ts";
import { macsPath } from "../schema.ts";
import type { LeafValue } from "./observations.ts";

/** One request about ENIs that were plugged in. `cards`: the listing of the primary's folder. */
export type EniRequest =
  | { readonly target: "mac-list" | "primary-mac" }
  | { readonly target: "folder" | "primary-folder"; readonly mac: string }
  | { readonly target: "leaf"; readonly mac: string; readonly name: string };

/** What one look came to; trouble says nothing of what was asked for. */
export type Observation =
  | { readonly request: EniRequest; readonly kind: "value"; readonly value: LeafValue }
  | { readonly request: EniRequest; readonly kind: "absent" }
  | {
      readonly request: EniRequest;
      readonly kind: "error";
      /** What the run ends with when nothing better is ever heard. */
      readonly failure: Failure;
      readonly retryAfterMs: number | null;
      /** It ended because the run's time did: that says little of IMDS. */
      readonly isCutByDeadline: boolean;
      /** It was tried again as often as may be: without a token nothing can be asked. */
      readonly isOutOfRetries: boolean;
    };

export type ErrorObservation = Extract<Observation, { kind: "error" }>;

export function isErrorObservation(observation: Observation): observation is ErrorObservation {
  return observation.kind === "error";
}

/** Unique, for whoever remembers what was asked. */
export function requestKey(request: EniRequest): string {
  return `${request.target} ${metadataPath(request).join("/")}`;
}

export function metadataPath(request: EniRequest): MetadataPath {
  if (!("mac" in request))
    return request.target === "primary-mac" ? ["meta-data", "mac"] : macsPath;
  const folder = [...macsPath, request.mac];
  return request.target === "leaf" ? [...folder, request.name] : folder;
}
