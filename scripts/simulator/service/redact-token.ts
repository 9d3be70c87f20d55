import type { LoggedRequest } from "./request-log.ts";

/** A copy of the request that can be shown: the token's value is replaced. */
export function redactToken(request: LoggedRequest): LoggedRequest {
  const name = "x-aws-ec2-metadata-token";
  if (!(name in request.headers)) return request;
  return { ...request, headers: { ...request.headers, [name]: "(token)" } };
}
