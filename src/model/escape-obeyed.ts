/**
 * What a terminal obeys, and what turns its text around; line ends apart, which are for the caller to
 * judge. https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
 */
const obeyed =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** `escape` is given the code of each such character; default: `\u001b`, as JSON has it. */
export function escapeObeyed(
  text: string,
  escape: (code: number) => string = unicodeEscape,
): string {
  return text.replaceAll(obeyed, (character) => escape(character.charCodeAt(0)));
}

/** `\u001b`. */
export function unicodeEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
