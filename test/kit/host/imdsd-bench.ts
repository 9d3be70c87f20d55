import { join } from "node:path";
import { createVarlinkTransport } from "../../../src/host/imdsd/transport.ts";
import {
  type ImdsdAnswer,
  type ImdsdCall,
  type StandInImdsd,
  startStandInImdsd,
} from "./stand-in-imdsd.ts";
import { temporaryFolder } from "../basics/temporary-folder.ts";

export interface ImdsdBench extends StandInImdsd {
  /** Of its socket, in a folder that goes with the bench. */
  readonly path: string;
  /** Over that socket; takes a path where `HttpTransport` takes a URL. */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
}

/** A stand-in for systemd-imdsd, and the transport that asks it. */
export async function imdsdBench(answer: (call: ImdsdCall) => ImdsdAnswer): Promise<ImdsdBench> {
  const folder = temporaryFolder();
  const path = join(folder.path, "imdsd");
  const service = await startStandInImdsd(path, answer);
  const { fetch } = createVarlinkTransport(path);
  return {
    ...service,
    path,
    fetch: (name, init = {}) => fetch(`http://169.254.169.254${name}`, init),
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
