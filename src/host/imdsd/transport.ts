import { stat } from "node:fs/promises";
import type { HttpTransport } from "../host.ts";
import { type ImdsdAnswer, createImdsdGet, imdsdInterface, isAbsent } from "./get.ts";
import { VarlinkError } from "./varlink.ts";

/** systemd-imdsd@.service(8), since systemd 261. */
const systemSocket = "/run/systemd/io.systemd.InstanceMetadata";

/** IMDS by way of systemd-imdsd; null where there is no such socket. Nothing is asked yet. */
export async function openImdsd(socketPath = systemSocket): Promise<HttpTransport | null> {
  const found = await stat(socketPath).catch(() => null);
  return found?.isSocket() === true ? createVarlinkTransport(socketPath) : null;
}

/**
 * The conversation with IMDS over the socket of systemd-imdsd, the way in where its prohibit route
 * locks everybody else out (docs/decisions/locked-imds.md). imdsd has a token of its own, so the
 * token here is a fixed text, and is given only once imdsd has read the instance's id. A folder's
 * key gives its listing, as IMDS does, with or without a slash at the end. `fetch` rejects with the
 * `code` of errno(3): `EACCES` where polkit does not let this user ask.
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

/** imdsd's keys begin below `latest`, with a slash; null: what lies elsewhere it cannot be asked. */
function toImdsdKey(pathname: string): string | null {
  if (pathname === "/latest") return "/";
  return pathname.startsWith("/latest/") ? pathname.slice("/latest".length) : null;
}

/** `NotAvailable` is IMDS's own 403. What is not named here may pass, or is a bug of imdsd. */
const statuses: Readonly<Record<string, number>> = {
  [`${imdsdInterface}.KeyNotFound`]: 404,
  [`${imdsdInterface}.NotAvailable`]: 403,
  [`${imdsdInterface}.NotSupported`]: 503,
  [`${imdsdInterface}.Timeout`]: 504,
  "org.varlink.service.InvalidParameter": 400,
};

/** Root and imdsd itself may ask; others need polkit's leave. */
const refusalErrors: readonly string[] = [
  "org.varlink.service.PermissionDenied",
  "io.systemd.InteractiveAuthenticationRequired",
];

function toResponse(answer: ImdsdAnswer): Response {
  if (answer.kind === "value") return new Response(answer.body);
  if (refusalErrors.includes(answer.name)) {
    throw new VarlinkError("EACCES", "systemd-imdsd answers root, and whom polkit lets");
  }
  return new Response(null, { status: statuses[answer.name] ?? 502 });
}
