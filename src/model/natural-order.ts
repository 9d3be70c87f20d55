/**
 * Compares names as people count: `eth2` before `eth10`. By code unit otherwise, never by locale, so
 * that every machine sorts alike.
 */
export function naturalOrder(left: string, right: string): number {
  const a = chunksOf(left);
  const b = chunksOf(right);
  for (const [at, chunk] of a.entries()) {
    const order = compareChunks(chunk, b[at] ?? "");
    if (order !== 0) return order;
  }
  return a.length - b.length || compareText(left, right);
}

function chunksOf(text: string): readonly string[] {
  return text.match(/\d+|\D+/g) ?? [];
}

function compareChunks(left: string, right: string): number {
  const bothNumbers = /^\d/.test(left) && /^\d/.test(right);
  return bothNumbers ? Number(left) - Number(right) : compareText(left, right);
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
