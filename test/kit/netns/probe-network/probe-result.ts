/** The exit status of `probe-nics --json`, and the part of its output that tests use. */
export interface ProbeResult {
  readonly code: number;
  readonly stderr: string;
  readonly outcome: string;
  readonly nics: readonly ProbedNicJson[];
  readonly kernelRouting: (Pick<ProbedNicJson, "outcome" | "verdict"> & { link: string }) | null;
  readonly note: VerdictJson | null;
  readonly fixes: readonly { readonly nic: string | null; readonly commands: readonly string[] }[];
  readonly imds: Readonly<Record<string, unknown>> | null;
}

export interface ProbedNicJson {
  readonly name: string;
  readonly outcome: string;
  readonly rank: number | null;
  readonly verdict: VerdictJson;
  readonly endpoints: readonly {
    readonly endpoint: string;
    readonly connect: { readonly outcome: string } | null;
    readonly verdict: VerdictJson;
  }[];
}

export interface VerdictJson {
  readonly word: string;
  readonly text: string;
  readonly fix: readonly string[] | null;
}

/** A NIC of a result. Throws where the result does not have it. */
export function nicOf({ nics }: ProbeResult, name: string): ProbedNicJson {
  const found = nics.find((nic) => nic.name === name);
  if (found === undefined) throw new Error(`${name} is not among ${JSON.stringify(nics)}`);
  return found;
}
