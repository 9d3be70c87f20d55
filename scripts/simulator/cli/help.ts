/** What `--help` prints: at most 80 columns. */
export const help = `ec2nic-imds-simulator: an EC2 metadata service (IMDSv2) to test against

usage: ec2nic-imds-simulator [options]

In a checkout, run "bun scripts/simulator/main.ts" instead.

options
  --scenario FILE    describe the instance and its IMDS in JSON (see below)
  --enis N           set the number of network interfaces (default 1)
  --dual-stack       give each interface an IPv6 address
  --user-data FILE   serve this file as user-data
  --listen ADDR:PORT listen on this address; repeatable; IPv6 as [::1]:80;
                     port 0 is any free port (default 127.0.0.1:0)
  --ipv6             also listen on the IPv6 addresses of --listen; on EC2, IMDS
                     answers over IPv6 only if this is enabled
  --keep-alive       keep connections open; EC2 closes each after one reply
  --decode-escapes   read %3A in a path as ':'; by default it is a 404
  --proxy            answer 403, as EC2 does if a proxy adds X-Forwarded-For
  --latency TIME     delay every reply: 20ms, 2s
  --rate-limit N[,answer=429|503|drop][,retryAfter=SECONDS]
                     allow N requests per second, answer others with 503
  --fault FAULT      add a fault (see below); repeatable
  --log              print each finished request to stderr, without its token
  --help             print this help

The simulator prints 'listening on http://ADDR:PORT' for each address, and runs
until SIGTERM or SIGINT.

exit status
  0   stopped by SIGTERM or SIGINT
  64  an option is wrong
  65  the scenario is wrong
  66  a file does not exist
  71  it cannot listen on an address
  77  it may not listen on an address (permission denied)

faults
  KIND[,NAME=VALUE]...  or JSON, as in a scenario: {"fault": {...}, ...}

  status,status=503  reply with this status; body=TEXT (headers: only in JSON)
  refuse             refuse new connections, reset open ones
  hang               read the request, send nothing
  hang-headers       send the headers, but never the body
  reset              read the request, then send RST
  close              read the request, then send FIN and no data
  slow,everyMs=5     send the correct reply, one byte every 5 ms; bytes=N: N
                     bytes at a time
  delay,ms=300       send the correct reply 300 ms later
  cut                send less than Content-Length; bytes=N: send N bytes
  cut-chunked        never send the last chunk; bytes=N: send N bytes
  garbage            send data that is not HTTP; text=TEXT
  oversized          send an endless body; bytes=N: N bytes; framing=chunked
  redirect,location=URL
                     reply with 302
  token-rejected     issue a token, but answer every request with it with 401
  empty              reply with 200 and no body

  Each fault can be limited:
  match=METHOD PATH  only matching requests; * matches any characters
  times=N            only N requests
  skip=N             not the first N matching requests
  afterMs=T          not before T ms after the start
  forMs=T            for T ms

  The first fault that matches a request applies. 'refuse' can only be limited
  with afterMs and forMs.

scenario file
  {
    "instanceId": "i-0123456789abcdef0",
    "enis": [
      {"device": 0, "dualStack": true, "publicIpv4": ["203.0.113.7"]},
      {"device": 1, "ipv4": ["10.0.1.10", "10.0.1.11"],
       "late": {".": 3000, "ipv6s": 8000,
                "device-number": {"afterMs": 5000, "before": "0"}}}
    ],
    "tags": {"Name": "web"},
    "iamRole": "web",
    "userDataBase64": "IyEvYmluL3NoCg==",
    "late": {"public-keys": {"afterMs": 2000, "listed": true}},
    "changes": [{"afterMs": 9000, "attach": {"device": 2}}],
    "faults": [{"match": "PUT /latest/api/token", "times": 2,
                "fault": {"kind": "status", "status": 503,
                          "headers": {"Retry-After": "1"}}}],
    "rateLimit": {"perSecond": 50, "answer": 503, "retryAfter": 1},
    "latencyMs": 2
  }

  All fields are optional. More fields:
  instanceType, imageId, accountId, availabilityZone
  keyName      null: the instance has no key pair
  userData     user-data as text
  httpTokens   "required" (default) or "optional" (IMDSv1 also works)
  keepAlive    true: as --keep-alive
  httpProtocolIpv6
               "enabled": as --ipv6
  decodeEscapes
               true: as --decode-escapes
  proxy        true: as --proxy
  disabled     true: IMDS is off, every request is answered with 403
  ecsTaskRoles ["task"]: iam-ecs-0/ has the credentials of this role
  content      {"metaData": {...}, "dynamic": {...}}: replaces all metadata
  set          {KEY: VALUE}: a string, list or object; null removes the key
  In enis: card, mac, id, ipv6, subnetCidr, subnetIpv6Cidrs, vpcCidrs,
  vpcIpv6Cidrs, ipv4Prefixes, ipv6Prefixes, efaOnly, emptyLeaves (leaves that
  are listed and have no value: ["public-hostname"]). The first is the primary.

  late: when a key appears, counted from the start or the attachment of the ENI:
  T                               neither listed nor readable before T ms
  {"afterMs": T, "listed": true}  listed before T ms, but reading it is a 404
  {"afterMs": T, "before": VALUE} has another value before T ms
  In an ENI, keys are relative to its own folder, and "." is the folder.

  changes: each has afterMs and one of
  attach       an ENI
  detach       {"mac": MAC, "lingerMs": T}: it stays listed for T ms
  set          {"path": KEY, "value": VALUE}
  remove       {"path": KEY}

  Keys are relative to meta-data/, or begin with dynamic/ or user-data.

control requests
  They change the running simulator. Send them to the same port. They need no
  token and have no faults, but they fail while connections are refused.

  POST /_simulator/attach          an ENI, as in a scenario: {"device": 2}
  POST /_simulator/detach          {"mac": MAC, "lingerMs": T}
  POST /_simulator/set             {"path": KEY, "value": VALUE}
  POST /_simulator/remove          {"path": KEY}
  POST /_simulator/late            {"path": KEY, "late": LATE}
  POST /_simulator/fault           {"fault": {"kind": "hang"}, "times": 3}
  POST /_simulator/clear-faults    end all faults and the rate limit
  POST /_simulator/rate-limit      {"perSecond": 5}, or null
  POST /_simulator/expire-tokens   make all tokens invalid
  POST /_simulator/clear-requests  empty the list of requests
  GET  /_simulator/requests        list the requests so far, as JSON
  GET  /_simulator/counts          count requests and connections

examples
  ec2nic-imds-simulator --enis 3 --dual-stack --log
  ec2nic-imds-simulator --listen 127.0.0.1:8169 \\
      --fault 'status,status=503,match=PUT /latest/api/token,times=3' \\
      --fault 'refuse,forMs=2000'
  curl -d '{"device": 1}' http://127.0.0.1:8169/_simulator/attach
`;
