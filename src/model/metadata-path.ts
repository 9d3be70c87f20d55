import { Failure } from "../exit.ts";
import { shellWord } from "./shell-word.ts";

/** Names below `latest/`: `["meta-data", "placement", "region"]`. */
export type MetadataPath = readonly string[];

/** The KEY that fetches what lies there: relative to `meta-data/` where it lies in there. */
export function keyOf(path: MetadataPath): string {
  return (path[0] === "meta-data" ? path.slice(1) : path).join("/");
}

/** A value as text; strict, or what is no UTF-8 would be changed on its way. Throws `DATAERR`. */
export function decodeText(bytes: Uint8Array, path: MetadataPath): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const key = keyOf(path);
    const hint = `read it alone, byte for byte: ec2nic fetch ${shellWord(key)} --output FILE`;
    throw new Failure("DATAERR", `${key}: its value is not text (UTF-8)`, { cause, hint });
  }
}
