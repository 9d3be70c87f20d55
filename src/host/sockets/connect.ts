import { ptr } from "bun:ffi";
import type { LinkAddress } from "../../model/link.ts";
import {
  readErrno,
  type Libc,
  errnoName,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  buildSocketAddress,
} from "./libc.ts";

export interface ConnectTarget {
  readonly nic: string;
  readonly source: LinkAddress;
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** socket(7), asm-generic; the same numbers on x86-64 and arm64. */
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_BINDTODEVICE = 25;
const EINPROGRESS = 115;
const POLLOUT = 4;
/** The port is chosen when connecting: else each source has 28,000 for all peers together. */
const IPPROTO_IP = 0;
const IP_BIND_ADDRESS_NO_PORT = 24;

/** Waits between two looks: a healthy service answers within the first few. */
const pollDelaysMs = [0, 1, 2, 4, 8, 16, 20] as const;

/**
 * A connected TCP socket, as a file descriptor that the caller owns. It is bound to the device, so
 * that no route can lead it elsewhere, and to an address of that device: without, the kernel would
 * borrow one of another NIC, and the answer would go there. The connect is over when this resolves:
 * Bun would take a descriptor that is still connecting for an open one, and hide a refusal.
 * Throws an error with errno's name as its `code` (`ETIMEDOUT` after `timeoutMs`), or the signal's
 * reason; then the descriptor is closed.
 */
export async function connectThroughNic(libc: Libc, target: ConnectTarget): Promise<number> {
  const { source, address, port, nic } = target;
  const peer = buildSocketAddress(address, port);
  const fd = libc.socket(peer.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw createConnectError(readErrno(libc), target);
  let isReturned = false;
  try {
    throwIfFailed(libc, target, bindToDevice(libc, fd, nic));
    const enabled = new Int32Array([1]);
    // older kernels lack it, and IPv6 sockets take it, too
    libc.setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, ptr(enabled), enabled.byteLength);
    const sourceBytes = buildSocketAddress(source.address, 0, source.scopeId).bytes;
    throwIfFailed(libc, target, libc.bind(fd, ptr(sourceBytes), sourceBytes.length));
    if (libc.connect(fd, ptr(peer.bytes), peer.bytes.length) !== 0) {
      const code = readErrno(libc);
      if (code !== EINPROGRESS) throw createConnectError(code, target);
      await waitUntilConnected(libc, fd, target);
    }
    isReturned = true;
    return fd;
  } finally {
    if (!isReturned) libc.close(fd);
  }
}

/** 0, or -1 with errno: EPERM before Linux 5.7 without CAP_NET_RAW, ENODEV. */
export function bindToDevice(libc: Libc, fd: number, nic: string): number {
  const device = Buffer.from(`${nic}\0`);
  return libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ptr(device), device.length);
}

async function waitUntilConnected(libc: Libc, fd: number, target: ConnectTarget): Promise<void> {
  const endMs = performance.now() + target.timeoutMs;
  for (let polls = 0; ; polls += 1) {
    target.signal.throwIfAborted();
    if (isWritable(libc, fd)) break;
    const leftMs = endMs - performance.now();
    if (leftMs <= 0) throw new ConnectError("ETIMEDOUT", target);
    await Bun.sleep(Math.min(leftMs, pollDelaysMs[polls] ?? 20));
  }
  const code = readSocketError(libc, fd);
  if (code !== 0) throw createConnectError(code, target);
  // poll(2) says "writable" of a socket that failed, too; only a peer proves a connection
  const peerName = new Uint8Array(28);
  const size = new Uint32Array([peerName.length]);
  throwIfFailed(libc, target, libc.getpeername(fd, ptr(peerName), ptr(size)));
}

function isWritable(libc: Libc, fd: number): boolean {
  const entry = new DataView(new ArrayBuffer(8)); // struct pollfd: int fd, short events, revents
  entry.setInt32(0, fd, true);
  entry.setInt16(4, POLLOUT, true);
  return libc.poll(ptr(entry), 1, 0) > 0;
}

function readSocketError(libc: Libc, fd: number): number {
  const value = new Int32Array(1);
  const size = new Uint32Array([4]);
  libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, ptr(value), ptr(size));
  return value[0] ?? 0;
}

function throwIfFailed(libc: Libc, target: ConnectTarget, result: number): void {
  if (result !== 0) throw createConnectError(readErrno(libc), target);
}

function createConnectError(errno: number, target: ConnectTarget): ConnectError {
  return new ConnectError(errnoName(errno), target);
}

/** Has errno's name as `code`, as the errors of node and Bun do. */
export class ConnectError extends Error {
  readonly code: string;

  constructor(code: string, { nic, address, port }: ConnectTarget) {
    super(`${address} port ${port} through ${nic}: ${code}`);
    this.name = "ConnectError";
    this.code = code;
  }
}
