/** One echo; times in seconds since the guest's kernel started. */
export interface Echo {
  readonly address: string;
  readonly sentS: number;
  /** null: it was not answered, or the guest did not have the address. */
  readonly backS: number | null;
}

/** Parses the log of the guest's echo program. */
export function parseEchoes(log: string): readonly Echo[] {
  const lines = log.split("\n").map((line) => line.split(" "));
  const backs = new Map<string, number>();
  for (const [event, time, address, number] of lines) {
    if (event === "back") backs.set(`${address} ${number}`, Number(time));
  }
  return lines.flatMap(([event, time, address = "", number]) => {
    if (event !== "sent") return [];
    return { address, sentS: Number(time), backS: backs.get(`${address} ${number}`) ?? null };
  });
}

/** When the first answer came to one of these addresses; null: there was none. */
export function firstAnswer(echoes: readonly Echo[], addresses: readonly string[]): number | null {
  const times = echoes.flatMap(({ address, backS }) =>
    backS !== null && addresses.includes(address) ? [backS] : [],
  );
  return times.length === 0 ? null : Math.min(...times);
}

/** Since when every echo from an address has been answered; null: the last one was not answered. */
export function answeredSince(echoes: readonly Echo[], address: string): number | null {
  const own = echoes.filter((echo) => echo.address === address);
  return own.slice(own.findLastIndex(({ backS }) => backS === null) + 1)[0]?.backS ?? null;
}

/** Since when every echo from all of these addresses has been answered; null: not all are. */
export function allAnsweredSince(
  echoes: readonly Echo[],
  addresses: readonly string[],
): number | null {
  const times = addresses.map((address) => answeredSince(echoes, address));
  return times.includes(null) ? null : Math.max(...times.map(Number));
}

/** The addresses whose last echo was not answered. */
export function unanswered(
  echoes: readonly Echo[],
  addresses: readonly string[],
): readonly string[] {
  return addresses.filter((address) => answeredSince(echoes, address) === null);
}

/** How many echoes from an address were not answered. */
export function countLost(echoes: readonly Echo[], address: string): number {
  return echoes.filter((echo) => echo.address === address && echo.backS === null).length;
}
