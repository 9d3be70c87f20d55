import type { HttpTransport } from "./host.ts";

/**
 * HTTP over the kernel's own routing. Only `proxy: false` keeps Bun from obeying `http_proxy`, even
 * for link-local addresses; with `""` or `null`, the token would leave the machine (measured on Bun
 * 1.4.5). `decompress: false` keeps a small response from becoming a large one. `verbose: false`
 * keeps BUN_CONFIG_VERBOSE_FETCH from printing the token.
 */
export const systemHttp: HttpTransport = {
  fetch: (url, init) =>
    fetch(url, { ...init, proxy: false, decompress: false, verbose: false } as RequestInit),
  canConnect,
};

async function canConnect(host: string, port: number, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  const socket = Bun.connect({
    hostname: host,
    port,
    socket: {
      open: () => resolve(true),
      connectError: () => resolve(false),
      data: () => undefined,
      close: () => resolve(false),
    },
  });
  socket.catch(() => resolve(false));
  const isConnected = await promise;
  clearTimeout(timer);
  void socket.then((open) => open.terminate()).catch(() => undefined);
  return isConnected;
}
