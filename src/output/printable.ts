import { escapeObeyed, unicodeEscape } from "../model/escape-obeyed.ts";

/**
 * Control characters escaped, and what turns text around: a file, or a link's name, may hold
 * anything, and a terminal obeys.
 */
export function printable(text: string): string {
  return escapeObeyed(text, (code) =>
    code > 0xff ? unicodeEscape(code) : `\\x${code.toString(16).padStart(2, "0")}`,
  );
}
