const tokenHeader = "X-aws-ec2-metadata-token";

/** Asks for a token, as IMDSv2 has it. */
export async function takeToken(url: string, ttlSeconds = 60): Promise<string> {
  const headers = { "X-aws-ec2-metadata-token-ttl-seconds": String(ttlSeconds) };
  const response = await fetch(`${url}/latest/api/token`, { method: "PUT", headers });
  return response.text();
}

/** The text at a path below `latest/`; where there is none, the status. */
export async function read(url: string, key: string, token: string): Promise<string> {
  const response = await fetch(`${url}/latest/${key}`, { headers: { [tokenHeader]: token } });
  return response.ok ? await response.text() : String(response.status);
}
