import { expect, test } from "bun:test";
import {
  checkName,
  isSecretPath,
  isSecretValue,
  parseKey,
  toUrlPath,
} from "../../../../src/imds/protocol/key.ts";

test.each([
  ["instance-id", "/latest/meta-data/instance-id"],
  ["placement/region/", "/latest/meta-data/placement/region"],
  ["/placement", "/latest/meta-data/placement"],
  ["meta-data", "/latest/meta-data"],
  ["meta-data/mac", "/latest/meta-data/mac"],
  ["latest/meta-data/mac", "/latest/meta-data/mac"],
  ["/latest/user-data", "/latest/user-data"],
  ["user-data", "/latest/user-data"],
  ["dynamic/instance-identity/document", "/latest/dynamic/instance-identity/document"],
  ["dynamic", "/latest/dynamic"],
  ["latest", "/latest"],
  ["/", "/latest"],
  ["tags/instance/a b", "/latest/meta-data/tags/instance/a%20b"],
  ["tags/instance/%2e%2e", "/latest/meta-data/tags/instance/%252e%252e"],
  ["tags/instance/a?b#c", "/latest/meta-data/tags/instance/a%3Fb%23c"],
  ["tags/instance/ä", "/latest/meta-data/tags/instance/%C3%A4"],
  ["a\\..\\b", "/latest/meta-data/a%5C..%5Cb"],
  ["...", "/latest/meta-data/..."],
  ["latest-thing", "/latest/meta-data/latest-thing"],
  ["dynamics", "/latest/meta-data/dynamics"],
  // boto #817: every client sends the colons of a MAC as they are
  ["06:ec:2a:00:00:00", "/latest/meta-data/06:ec:2a:00:00:00"],
  ["-._~!$&'()*+,;=:@", "/latest/meta-data/-._~!$&'()*+,;=:@"],
  ['"<>[]^`{|}%', "/latest/meta-data/%22%3C%3E%5B%5D%5E%60%7B%7C%7D%25"],
])("%p is %p", (text, path) => {
  expect(toUrlPath(parseKey(text).path)).toBe(path);
});

test.each([
  "",
  "..",
  ".",
  "a/../b",
  "a/./b",
  "//a",
  "a//b",
  "a//",
  "a\nb",
  "a\u0000",
  "\u007f",
  "\ud800",
])("%p is refused", (text) => {
  expect(() => parseKey(text)).toThrow(expect.objectContaining({ kind: "USAGE" }));
});

test("a name has at most 512 bytes", () => {
  expect(checkName("x".repeat(512))).toBeNull();
  expect(checkName("ä".repeat(256))).toBeNull();
  expect(checkName("ä".repeat(256) + "x")).toBe("is too long");
});

test.each([
  ["user-data", true],
  ["iam", false],
  ["iam/security-credentials", true],
  ["iam/security-credentials/web", true],
  ["iam-ecs-0/security-credentials/task", true],
  ["a/b/c/security-credentials/d/e", true],
  ["dynamic/x/security-credentials", true],
  ["meta-data/iam/info", false],
  ["identity-credentials/ec2", true],
  ["tags/instance/iam", false],
  ["dynamic/identity-credentials", false],
  ["instance-id", false],
  ["identity-credentialsb", false],
  ["security-credentialsb/x", false],
])("secret by its path: %p is %p", (text, secret) => {
  expect(isSecretPath(parseKey(text).path)).toBe(secret);
});

test.each([
  ['{"SecretAccessKey": "x"}', true],
  ['\n [{"Credentials": {"SecretAccessKey": null}}]', true],
  ['{"\\u0053ecretAccessKey": "x"}', true],
  ['{"Name": "SecretAccessKey"}', false],
  ['{"SecretAccessKey": "x"', false],
  ["SecretAccessKey", false],
  ['"SecretAccessKey"', false],
  ["", false],
])("secret by its value: %p is %p", (text, secret) => {
  expect(isSecretValue(text)).toBe(secret);
});
