import { createSocket } from "node:dgram";

/**
 * The address that the kernel would ask `address` from, after all its rules and routes; null where
 * it has no way there. Nothing is sent: a UDP socket that connects only looks the route up (udp(7)).
 */
export function routeSource(address: string): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const finish = (source: string | null): void => {
    resolve(source);
    socket.close();
  };
  socket.once("error", () => finish(null));
  socket.once("connect", () => finish(socket.address().address));
  socket.connect(anyPort, address);
  return promise;
}

const anyPort = 80;
