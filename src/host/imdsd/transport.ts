import { stat } from "node:fs/promises";
import { CodedError } from "../errors.ts";
import type { HttpTransport } from "../host.ts";
import { createImdsdGet, type ImdsdAnswer, imdsdInterface, isAbsent } from "./get.ts";

/** systemd-imdsd@.service(8), since systemd 261. */
const systemSocket = "/run/systemd/io.systemd.InstanceMetadata";

/** IMDS over systemd-imdsd; null if its socket does not exist. Nothing is sent yet. */
export async function openImdsd(socketPath = systemSocket): Promise<HttpTransport | null> {
  const found = await stat(socketPath).catch(() => null);
  return found?.isSocket() === true ? createVarlinkTransport(socketPath) : null;
}

/**
 * IMDS over the socket of systemd-imdsd, for machines where its prohibit route blocks all other
 * processes (docs/decisions/locked-imds.md). imdsd uses its own token, so the token here is a fixed
 * text, given only after imdsd has read the instance id. The key of a folder gives its listing,
 * with or without a trailing slash, as IMDS does. `fetch` rejects with a code of errno(3): `EACCES`
 * if polkit does not allow this user.
 */
export function createVarlinkTransport(socketPath: string): HttpTransport {
  const fetch: HttpTransport["fetch"] = async (url, init) => {
    const { pathname } = new URL(url);
    const method = init.method ?? "GET";
    const get = createImdsdGet(socketPath, init.signal ?? null);
    if (method === "PUT" && pathname === "/latest/api/token") {
      const idAnswer = await get("/meta-data/instance-id");
      return idAnswer.kind === "value" ? new Response(placeholderToken) : toResponse(idAnswer);
    }
    if (method !== "GET") return new Response(null, { status: 405 });
    const key = toImdsdKey(pathname);
    if (key === null) return new Response(null, { status: 400 });
    const answer = await get(key);
    const absent = await isAbsent(get, key, answer);
    return absent ? new Response(null, { status: 404 }) : toResponse(answer);
  };
  return { fetch, canConnect: null };
}

const placeholderToken = "systemd-imdsd-has-the-token";

/** The key is what follows `/latest` in a path; null for other paths, where imdsd has no keys. */
function toImdsdKey(pathname: string): string | null {
  if (pathname === "/latest") return "/";
  return pathname.startsWith("/latest/") ? pathname.slice("/latest".length) : null;
}

/**
 * imdsd answers `NotAvailable` for a 403 of IMDS. An error that is not in this table may be
 * temporary, or is a defect of imdsd, and becomes a 502.
 */
const statuses: Readonly<Record<string, number>> = {
  [`${imdsdInterface}.KeyNotFound`]: 404,
  [`${imdsdInterface}.NotAvailable`]: 403,
  [`${imdsdInterface}.NotSupported`]: 503,
  [`${imdsdInterface}.Timeout`]: 504,
  "org.varlink.service.InvalidParameter": 400,
};

const refusalErrors: readonly string[] = [
  "org.varlink.service.PermissionDenied",
  "io.systemd.InteractiveAuthenticationRequired",
];

function toResponse(answer: ImdsdAnswer): Response {
  if (answer.kind === "value") return new Response(answer.body);
  if (refusalErrors.includes(answer.name)) {
    throw new CodedError("EACCES", "systemd-imdsd answers only root and users that polkit allows");
  }
  return new Response(null, { status: statuses[answer.name] ?? 502 });
}
