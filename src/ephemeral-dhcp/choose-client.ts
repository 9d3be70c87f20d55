import type { LeaseClient } from "./clients/client.ts";
import { dhclient } from "./clients/dhclient.ts";
import { dhcpcd } from "./clients/dhcpcd.ts";
import { isNetworkdActive, networkd } from "./clients/networkd.ts";
import { type FindHost, findProgram, findTimeoutMs, type Program } from "./clients/program.ts";
import { createProgramClient, type Tools } from "./clients/run-program.ts";
import { udhcpc } from "./clients/udhcpc.ts";

/**
 * The client that leaves least to clean up comes first: udhcpc writes nothing and ends by itself,
 * dhclient must be ended, dhcpcd writes a lease file. networkd is used only if none of them can be
 * used, because networkd adds its own address to the NIC for a moment.
 */
const programs: readonly Program[] = [udhcpc, dhclient, dhcpcd];

export interface ClientFacts {
  readonly programs: readonly FoundProgram[];
  readonly tools: Tools;
  readonly isNetworkdActive: boolean;
}

interface FoundProgram {
  readonly program: Program;
  /** The command without its arguments; a string says why the program cannot be used. */
  readonly argv: readonly string[] | string;
}

interface ChosenClient {
  /** null if no client can be used. */
  readonly client: LeaseClient | null;
  /** The decision about each client, in order. */
  readonly trace: readonly string[];
}

/** Chooses the first client that can be used. */
export function chooseClient({ programs, tools, isNetworkdActive }: ClientFacts): ChosenClient {
  const { noopScript } = tools;
  if (noopScript === null) {
    const reason = "true: not found, and without it a client's own script would configure the NIC";
    return chooseNetworkd(isNetworkdActive, [reason]);
  }
  const trace: string[] = [];
  for (const { program, argv } of programs) {
    const canEnd = program.endsWithoutAnswer || tools.timeout !== null;
    const found = canEnd || typeof argv === "string" ? argv : "needs timeout, which is not found";
    if (typeof found !== "string") {
      const client = createProgramClient({ program, argv: found, tools, noopScript });
      return { client, trace: [...trace, `${program.name}: used, as ${found.join(" ")}`] };
    }
    trace.push(`${program.name}: ${found}`);
  }
  return chooseNetworkd(isNetworkdActive, trace);
}

function chooseNetworkd(isActive: boolean, trace: readonly string[]): ChosenClient {
  if (!isActive) return { client: null, trace: [...trace, "networkd: not running"] };
  return { client: networkd, trace: [...trace, "networkd: used for NICs that it does not manage"] };
}

/** Finds the DHCP clients of this machine, and the tools that start and end them. */
export async function findClients(host: FindHost): Promise<ClientFacts> {
  const found = programs.map(async (program) => ({ program, argv: await program.find(host) }));
  return {
    programs: await Promise.all(found),
    tools: {
      noopScript: await findProgram(host, "true"),
      timeout: await findProgram(host, "timeout"),
      setpriv: await findSetpriv(host),
    },
    isNetworkdActive: await isNetworkdActive(host),
  };
}

async function findSetpriv(host: FindHost): Promise<string | null> {
  const path = await findProgram(host, "setpriv");
  if (path === null) return null;
  const { stdout } = await host.exec([path, "--help"], { timeoutMs: findTimeoutMs });
  return stdout.includes("--pdeathsig") ? path : null;
}
