import type { LoggedRequest } from "./request-log.ts";

/** A request without the value of its token, to be shown. */
export function redacted(request: LoggedRequest): LoggedRequest {
  const name = "x-aws-ec2-metadata-token";
  if (!(name in request.headers)) return request;
  return { ...request, headers: { ...request.headers, [name]: "(token)" } };
}
