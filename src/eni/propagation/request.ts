import { Failure } from "../../exit.ts";
import { type MetadataPath } from "../../model/metadata.ts";
import { macsPath } from "../schema.ts";
import type { LeafValue } from "./observations.ts";

/**
 * One request about attached ENIs. `primary-folder` is the listing of the primary's folder, and
 * `primary-device` its device-number.
 */
export type EniRequest =
  | { readonly target: "mac-list" | "primary-mac" }
  | { readonly target: "folder" | "primary-folder" | "primary-device"; readonly mac: string }
  | { readonly target: "leaf"; readonly mac: string; readonly name: string };

/** The result of one request; an error says nothing about the requested item. */
export type Observation =
  | { readonly request: EniRequest; readonly kind: "value"; readonly value: LeafValue }
  | { readonly request: EniRequest; readonly kind: "absent" }
  | {
      readonly request: EniRequest;
      readonly kind: "error";
      /** The run ends with this failure if IMDS never gives an answer. */
      readonly failure: Failure;
      readonly retryAfterMs: number | null;
      /** The run's deadline ended the request, so its error says little about IMDS. */
      readonly isCutByDeadline: boolean;
      /** All retries for a token failed, so no request is possible. */
      readonly isOutOfRetries: boolean;
    };

export type ErrorObservation = Extract<Observation, { kind: "error" }>;

/** Whether a request failed, so that its observation says nothing about the item. */
export function isErrorObservation(observation: Observation): observation is ErrorObservation {
  return observation.kind === "error";
}

/** A unique key of a request. */
export function requestKey(request: EniRequest): string {
  return `${request.target} ${metadataPath(request).join("/")}`;
}

/** The metadata path of a request. */
export function metadataPath(request: EniRequest): MetadataPath {
  if (!("mac" in request))
    return request.target === "primary-mac" ? ["meta-data", "mac"] : macsPath;
  const folder = [...macsPath, request.mac];
  if (request.target === "primary-device") return [...folder, "device-number"];
  return request.target === "leaf" ? [...folder, request.name] : folder;
}
