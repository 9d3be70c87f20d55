import { ptr } from "bun:ffi";
import type { LinkAddress } from "../../model/link.ts";
import { CodedError } from "../errors.ts";
import {
  buildSocketAddress,
  errnoName,
  type Libc,
  readErrno,
  readSocketName,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
} from "./libc.ts";

interface ConnectTarget {
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
/** Chooses the port at connect(2): otherwise all peers share the 28,000 ports of a source. */
const IPPROTO_IP = 0;
const IP_BIND_ADDRESS_NO_PORT = 24;

/** Delays between two polls. A healthy service answers within the first few polls. */
const pollDelaysMs = [0, 1, 2, 4, 8, 16] as const;
const longestPollDelayMs = 20;

/**
 * Opens a TCP connection and returns its file descriptor, which the caller must close. The socket
 * is bound to the device, so that no route can lead elsewhere. It is also bound to an address of
 * that device, because the kernel could use that of another NIC, and the response would go there.
 * Resolves only when the connection is established, because Bun would treat a descriptor that is
 * still connecting as open, and hide a refusal. Throws an error whose `code` is errno's name
 * (`ETIMEDOUT` after `timeoutMs`), or the reason of `signal`; then the descriptor is closed.
 */
export async function connectThroughNic(libc: Libc, target: ConnectTarget): Promise<number> {
  const { source, address, port, nic } = target;
  const peer = buildSocketAddress(address, port);
  const fd = libc.socket(peer.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw connectError(target, readErrno(libc));
  let isConnected = false;
  try {
    throwIfFailed(libc, target, bindToDevice(libc, fd, nic));
    const enabled = new Int32Array([1]);
    // the result is ignored: older kernels do not know the option; IPv6 sockets accept it, too
    libc.setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, ptr(enabled), enabled.byteLength);
    const sourceBytes = buildSocketAddress(source.address, 0, source.scopeId).bytes;
    throwIfFailed(libc, target, libc.bind(fd, ptr(sourceBytes), sourceBytes.length));
    if (libc.connect(fd, ptr(peer.bytes), peer.bytes.length) !== 0) {
      const errno = readErrno(libc);
      if (errno !== EINPROGRESS) throw connectError(target, errno);
      await waitUntilConnected(libc, fd, target);
    }
    isConnected = true;
    return fd;
  } finally {
    if (!isConnected) libc.close(fd);
  }
}

/** Returns 0, or -1 with errno: EPERM (before Linux 5.7, without CAP_NET_RAW) or ENODEV. */
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
    if (leftMs <= 0) throw connectError(target, "ETIMEDOUT");
    await Bun.sleep(Math.min(leftMs, pollDelaysMs[polls] ?? longestPollDelayMs));
  }
  const errno = readSocketError(libc, fd);
  if (errno !== 0) throw connectError(target, errno);
  // a failed socket is also writable (poll(2)): only a peer's name proves the connection
  if (readSocketName(libc.getpeername, fd) === null) throw connectError(target, readErrno(libc));
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
  if (result !== 0) throw connectError(target, readErrno(libc));
}

function connectError({ nic, address, port }: ConnectTarget, errno: number | string): CodedError {
  const code = typeof errno === "string" ? errno : errnoName(errno);
  return new CodedError(code, `${address} port ${port} through ${nic}: ${code}`);
}
