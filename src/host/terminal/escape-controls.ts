import { escapeObeyed, unicodeEscape } from "../../model/escape-obeyed.ts";

/** What others set (tags, host names, answers) must not steer a terminal, nor turn its text around. */
export function escapeControls(text: string): string {
  return escapeObeyed(text).replaceAll("\n", unicodeEscape(10));
}
