/** What a folder below `src/` may import, and why it may import nothing else. */
export interface FolderRule {
  /** Works on values alone: no I/O, no clock, no chance. It may import only other pure folders. */
  readonly pure?: true;
  /**
   * Folders, files and packages, separated by blanks; `type:host` allows the types of `host/` and none
   * of its values.
   */
  readonly may: string;
  readonly why: string;
}

/**
 * The table of ARCHITECTURE.md, a row for each folder. A folder that is not listed may not exist.
 * `main.ts` and `exit.ts` lie directly below `src/`.
 */
export const folders: Readonly<Record<string, FolderRule>> = {
  "main.ts": {
    may: "cli commands exit.ts host host/terminal package.json",
    why: "it wires argv, command and exit status together, and decides nothing",
  },
  "exit.ts": { pure: true, may: "", why: "every other folder imports it" },
  model: { pure: true, may: "exit.ts valibot", why: "a vocabulary needs no I/O" },

  eni: {
    pure: true,
    may: "exit.ts model valibot",
    why: "the meaning of metadata does not depend on how it was read",
  },
  "eni/propagation": {
    pure: true,
    may: "eni exit.ts model plan/config",
    why: "the same observations lead to the same next step",
  },
  plan: {
    pure: true,
    may: "model plan/backend plan/config plan/conflicts plan/drift plan/files plan/lease render",
    why: "the same facts lead to the same plan",
  },
  "plan/backend": {
    pure: true,
    may: "exit.ts model plan/files",
    why: "as plan",
  },
  "plan/config": { pure: true, may: "exit.ts model", why: "as plan" },
  "plan/conflicts": { pure: true, may: "model render", why: "as plan" },
  "plan/drift": { pure: true, may: "model plan/config plan/files", why: "as plan" },
  "plan/files": { pure: true, may: "model plan/config", why: "as plan" },
  "plan/lease": {
    pure: true,
    may: "exit.ts model plan/config plan/drift plan/files",
    why: "as plan",
  },
  "plan/presence": {
    pure: true,
    may: "exit.ts model plan/config plan/files",
    why: "as plan",
  },
  render: { pure: true, may: "model", why: "the same configuration gives the same bytes" },
  output: { pure: true, may: "exit.ts model", why: "stdout follows from the result alone" },
  "output/fetch": { pure: true, may: "exit.ts model output", why: "as output" },
  "output/plan": { pure: true, may: "model output", why: "as output" },
  "probe/diagnose": {
    pure: true,
    may: "model probe/firewall",
    why: "each verdict is tested without a network",
  },
  "probe/firewall": {
    pure: true,
    may: "model valibot",
    why: "rules are parsed and evaluated as values; `probe/` reads them",
  },
  "install/units": {
    pure: true,
    may: "model render",
    why: "the same flags give the same units",
  },

  host: {
    may: "exit.ts host/imdsd host/sockets host/terminal model node:",
    why: "an effect does not know what it is used for",
  },
  "host/imdsd": { may: "host node:", why: "as host" },
  "host/sockets": { may: "bun:ffi exit.ts host model node:", why: "as host" },
  "host/terminal": { may: "consola/core exit.ts host model", why: "as host" },

  inspect: { may: "type:host model valibot", why: "reading decides nothing" },
  "inspect/kernel": {
    may: "exit.ts type:host inspect model valibot",
    why: "as inspect",
  },
  "inspect/links": {
    may: "type:host inspect model",
    why: "as inspect; it works without `ip`",
  },
  "inspect/machine": { may: "type:host inspect model", why: "as inspect" },

  "imds/protocol": {
    may: "exit.ts type:host model ofetch",
    why: "one request knows neither NICs nor metadata",
  },
  "imds/connect": {
    may: "ephemeral-dhcp exit.ts type:host imds/protocol inspect/links model",
    why: "finding a path to IMDS decides nothing about the machine",
  },
  imds: {
    may: "exit.ts type:host imds/connect imds/protocol model",
    why: "a session knows paths and requests, and no metadata",
  },
  "imds/metadata": {
    may:
      "eni eni/propagation exit.ts type:host imds imds/protocol inspect model " +
      "node:crypto valibot",
    why: "reading metadata decides nothing about the machine",
  },
  "ephemeral-dhcp": {
    may: "ephemeral-dhcp/clients exit.ts type:host inspect inspect/links model valibot",
    why: "a temporary lease serves one run and knows no metadata",
  },
  "ephemeral-dhcp/clients": {
    may: "ephemeral-dhcp type:host inspect model",
    why: "a client is one file, and knows neither the journal nor other clients",
  },

  apply: {
    may: "exit.ts host inspect inspect/kernel model valibot",
    why: "it carries out a plan and makes none (valibot: it reads back its own records)",
  },

  cli: {
    may: "citty exit.ts type:host imds/protocol node:util output",
    why: "a command line is parsed before anything is done",
  },
  probe: {
    may:
      "cli exit.ts type:host imds/connect imds/protocol inspect inspect/kernel " +
      "inspect/links model output probe/diagnose probe/firewall valibot",
    why: "the whole of probe-nics; it changes nothing",
  },
  install: {
    may: "apply exit.ts host inspect install/units model output",
    why: "the whole of `hotplug --install`; it asks IMDS for nothing",
  },
  commands: {
    may:
      "apply cli commands/configure commands/fetch commands/hotplug " +
      "commands/lease-hook host imds imds/metadata imds/protocol install output probe",
    why: "a subcommand names what happens, in a few lines",
  },
  "commands/configure": {
    may:
      "apply cli eni exit.ts host imds imds/metadata imds/protocol inspect " +
      "inspect/kernel inspect/links inspect/machine model output output/plan plan " +
      "plan/config plan/conflicts plan/files plan/presence",
    why: "one configuration run joins reading, planning and applying",
  },
  "commands/fetch": {
    may: "cli exit.ts type:host imds/protocol model output/fetch",
    why: "as commands",
  },
  "commands/hotplug": {
    may:
      "apply cli commands/configure eni/propagation exit.ts type:host imds " +
      "imds/metadata imds/protocol inspect/kernel inspect/links inspect/machine " +
      "install/units model output output/plan plan plan/backend plan/config " +
      "plan/presence",
    why: "as commands/configure, for NICs that come and go",
  },
  "commands/lease-hook": {
    may:
      "apply commands/configure commands/hotplug exit.ts type:host inspect/kernel " +
      "inspect/links inspect/machine model output/plan plan/lease",
    why: "as commands, for a DHCP client's hook; it asks IMDS for nothing",
  },
};
