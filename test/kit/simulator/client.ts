const tokenHeader = "X-aws-ec2-metadata-token";

/** Requests a token of IMDSv2. */
export async function takeToken(url: string, ttlSeconds = 60): Promise<string> {
  const headers = { "X-aws-ec2-metadata-token-ttl-seconds": String(ttlSeconds) };
  const response = await fetch(`${url}/latest/api/token`, { method: "PUT", headers });
  return response.text();
}

/** The body at a path below `latest/`; the status where it is not 200. */
export async function read(url: string, key: string, token: string): Promise<string> {
  const response = await fetch(`${url}/latest/${key}`, { headers: { [tokenHeader]: token } });
  return response.ok ? await response.text() : String(response.status);
}
