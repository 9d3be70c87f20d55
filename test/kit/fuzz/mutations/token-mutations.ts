import { correctAnswer, latin1, type Mutation } from "./raw-answer.ts";

const tokens = [
  "",
  " ",
  "\n",
  "\r\n",
  "token\n",
  "token\r\nHost: evil",
  "token\r\n\r\nGET /latest/user-data HTTP/1.1",
  "\u0000",
  "to ken",
  "<html><body>login</body></html>",
  "t".repeat(4096),
  "t".repeat(4097),
  "t".repeat(100_000),
  "\u00ff",
  "\u001b[2J",
  "töken",
  "%0d%0a",
  "null",
  "undefined",
  "{}",
  ",",
  ":",
  '"',
  "=",
  "\t",
  "token\u0000",
  "\u007f",
  "~",
] as const;

/** Invalid tokens, and bodies that look like a token. */
export const tokenMutations: Readonly<Record<string, Mutation>> = {
  token: (answer, { random }) =>
    correctAnswer({ ...answer, status: 200, body: latin1(random.pick(tokens)) }),
};
