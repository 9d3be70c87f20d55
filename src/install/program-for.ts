import { isThisMachine, underRoot } from "../host/target-root.ts";
import { whoElseWrites } from "./who-else-writes.ts";
import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { shellWord } from "../model/shell-word.ts";
import { programBelow, whyNoPlace } from "./program-place.ts";

const usual = ["/usr/local/bin/ec2nic", "/usr/bin/ec2nic"];

/**
 * The path by which units and hooks below `root` start this program. For an image: where this one
 * lies in it, else where one lies already (one for another processor cannot be run here), else as
 * here. Throws `USAGE` for a place that is none for a program, with the command that mends it.
 */
export async function programFor(
  host: Pick<Host, "files" | "program">,
  root: string,
): Promise<string> {
  const program = isThisMachine(root) ? host.program : await programInImage(host, root);
  const why = whyNoPlace(program);
  if (why === null) {
    // of this machine alone: who makes an image may make it as anybody
    if (isThisMachine(root)) await refuseLoose(host, program);
    return program;
  }
  const [place = ""] = usual;
  const target = isThisMachine(root) ? place : shellWord(underRoot(root, place));
  const again = isThisMachine(root)
    ? `${target} hotplug --install`
    : `run this again with --root ${shellWord(root)}`;
  const hint = `install -D -m 0755 ${shellWord(program)} ${target}, then ${again}`;
  throw new Failure("USAGE", `${program}: ${why}`, { hint });
}

async function refuseLoose(host: Pick<Host, "files">, program: string): Promise<void> {
  const loose = await whoElseWrites(host, program);
  if (loose === null) return;
  const why = `others than root may write ${loose}, and units start it as root`;
  const word = shellWord(loose);
  const mend = `chown -h root: ${word} && chmod o-w ${word}`;
  const hint = `${mend}, then ${shellWord(program)} hotplug --install`;
  throw new Failure("USAGE", `${program}: ${why}`, { hint });
}

async function programInImage(
  { files, program }: Pick<Host, "files" | "program">,
  root: string,
): Promise<string> {
  const folder = (await files.readLink("/proc/self/cwd")) ?? "/";
  const below = programBelow(root.startsWith("/") ? root : `${folder}/${root}`, program);
  if (below !== null) return below;
  const stats = await Promise.all(usual.map((path) => files.stat(underRoot(root, path))));
  return usual.find((_, at) => (stats[at] ?? null) !== null) ?? program;
}
