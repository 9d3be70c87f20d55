import type { LeaseClient } from "./clients/client.ts";
import { dhclient } from "./clients/dhclient.ts";
import { dhcpcd } from "./clients/dhcpcd.ts";
import { isNetworkdActive, networkd } from "./clients/networkd.ts";
import { type FindHost, findProgram, findTimeoutMs, type Program } from "./clients/program.ts";
import { createProgramClient, type Tools } from "./clients/run-program.ts";
import { udhcpc } from "./clients/udhcpc.ts";

/**
 * In this order, by what they leave to clean up: udhcpc writes nothing and ends by itself; dhclient
 * has to be ended; dhcpcd writes a lease file. networkd comes after them: it puts its address on the
 * NIC for a moment.
 */
const programs: readonly Program[] = [udhcpc, dhclient, dhcpcd];

export interface ClientFacts {
  /** How each program is started, without its arguments; a string says why it cannot be used. */
  readonly programs: readonly {
    readonly program: Program;
    readonly argv: readonly string[] | string;
  }[];
  readonly tools: Tools;
  readonly isNetworkdActive: boolean;
}

interface ChosenClient {
  /** null: no client can be used. */
  readonly client: LeaseClient | null;
  /** Each client that was considered, in order, and the result. */
  readonly trace: readonly string[];
}

/** The first client that can be used. */
export function chooseClient({ programs, tools, isNetworkdActive }: ClientFacts): ChosenClient {
  const { noopScript } = tools;
  if (noopScript === null) {
    const reason = "true: not found, a client's own script would configure the NIC";
    return chooseNetworkd(isNetworkdActive, [reason]);
  }
  const trace: string[] = [];
  for (const { program, argv } of programs) {
    const canEnd = program.endsWithoutAnswer || tools.timeout !== null;
    const found =
      canEnd || typeof argv === "string" ? argv : "nothing would end it: timeout is not found";
    if (typeof found !== "string") {
      const client = createProgramClient({ program, argv: found, tools, noopScript });
      return { client, trace: [...trace, `${program.name}: asks as ${found.join(" ")}`] };
    }
    trace.push(`${program.name}: ${found}`);
  }
  return chooseNetworkd(isNetworkdActive, trace);
}

function chooseNetworkd(isActive: boolean, trace: readonly string[]): ChosenClient {
  if (!isActive) return { client: null, trace: [...trace, "networkd: not running"] };
  return {
    client: networkd,
    trace: [...trace, "networkd: asks, where it does not manage the NIC"],
  };
}

/** Looks for the machine's DHCP clients, and for the tools that they are run with. */
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
