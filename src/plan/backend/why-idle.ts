import type { Activation } from "../../model/activation.ts";

/**
 * Why nothing that is written will take effect: the daemon in charge does not run, where it should
 * by now. null: it does, or it is still to be started.
 */
export function whyIdle({
  backend,
  renderer,
  isRunning,
  stage,
}: Pick<Activation, "backend" | "renderer" | "isRunning" | "stage">): string | null {
  if (stage === "local" || isRunning) return null;
  return `${renderer ?? backend} does not run: files only`;
}
