/**
 * The IMDS simulator as a process in the network of the VPC. It reads a scenario from stdin and takes
 * orders from a Unix socket, which works across network namespaces. `PROGRAM SOCKET ADDRESS…`
 */
import { control } from "../../../../scripts/simulator/service/control.ts";
import { parseJson } from "../../../../scripts/simulator/scenario/parse.ts";
import { scenarioSchema } from "../../../../scripts/simulator/scenario/scenario-schema.ts";
import { startSimulator } from "../../../../scripts/simulator/start.ts";

const [socket = "", ...hosts] = process.argv.slice(2);
const scenario = parseJson(scenarioSchema, await Bun.stdin.text());
const simulator = await startSimulator({
  scenario,
  listen: hosts.map((host) => ({ host, port: 80 })),
});
Bun.serve({
  unix: socket,
  fetch: async (request) => {
    const { pathname } = new URL(request.url);
    const { method } = request;
    const body = new Uint8Array(await request.arrayBuffer());
    const order = { method, rawPath: pathname, path: pathname, headers: {}, body, keepAlive: true };
    const reply = control(order, simulator);
    return new Response(reply.body.slice().buffer, {
      status: reply.status,
      headers: reply.headers,
    });
  },
});
process.stdout.write("ready\n");
