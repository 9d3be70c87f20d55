/** One echo; times in seconds since the guest's kernel started. */
export interface Echo {
  readonly address: string;
  readonly sentS: number;
  /** null: no answer, or there was no such address. */
  readonly backS: number | null;
}

/** From what the guest has noted. */
export function parseEchoes(log: string): readonly Echo[] {
  const lines = log.split("\n").map((line) => line.split(" "));
  const backs = new Map<string, number>();
  for (const [what, time, address, number] of lines) {
    if (what === "back") backs.set(`${address} ${number}`, Number(time));
  }
  return lines.flatMap(([what, time, address = "", number]) => {
    if (what !== "sent") return [];
    return { address, sentS: Number(time), backS: backs.get(`${address} ${number}`) ?? null };
  });
}

/** When the first answer came to one of these addresses. */
export function firstAnswer(echoes: readonly Echo[], addresses: readonly string[]): number | null {
  const times = echoes.flatMap(({ address, backS }) =>
    backS !== null && addresses.includes(address) ? [backS] : [],
  );
  return times.length === 0 ? null : Math.min(...times);
}

/** From when on every echo from an address was answered; null: the last one was not. */
export function answeredSince(echoes: readonly Echo[], address: string): number | null {
  const own = echoes.filter((echo) => echo.address === address);
  return own.slice(own.findLastIndex(({ backS }) => backS === null) + 1)[0]?.backS ?? null;
}

/** The same of all of them; null: not all are. */
export function allAnsweredSince(
  echoes: readonly Echo[],
  addresses: readonly string[],
): number | null {
  const times = addresses.map((address) => answeredSince(echoes, address));
  return times.includes(null) ? null : Math.max(...times.map(Number));
}

export function unanswered(
  echoes: readonly Echo[],
  addresses: readonly string[],
): readonly string[] {
  return addresses.filter((address) => answeredSince(echoes, address) === null);
}

/** How many echoes from an address were not answered. */
export function lostOf(echoes: readonly Echo[], address: string): number {
  return echoes.filter((echo) => echo.address === address && echo.backS === null).length;
}
