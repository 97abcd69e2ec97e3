"""Attacks the page of a real program, which it starts. Usage: attack.py PROGRAM"""
import http.client, os, socket, subprocess, sys, tempfile, time

HOST = "127.0.0.1"
with socket.socket() as free:
    free.bind((HOST, 0))
    PORT = free.getsockname()[1]
JSON, failed = {"Content-Type": "application/json"}, 0


def check(name, ok, got=""):
    global failed
    print(f"ok   attack: {name}" if ok else f"FAIL attack: {name}: {got}")
    failed += not ok


def request(method, path, headers={}, body=None, host=None):
    connection = http.client.HTTPConnection(HOST, PORT, timeout=8)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"{HOST}:{PORT}")
    for name, value in headers.items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    if body is not None:
        connection.send(body)
    response = connection.getresponse()
    result = response.status, dict(response.getheaders()), response.read(500)
    connection.close()
    return result


def expect(code, name, *args, **kwargs):
    status, headers, body = request(*args, **kwargs)
    check(name, status == code and "Access-Control-Allow-Origin" not in headers, f"{status}, want {code}: {headers} {body}")


def raw(name, text, prefix):
    """Sends bytes and checks how the response begins; empty: closed. It returns how long that took."""
    start = time.time()
    with socket.create_connection((HOST, PORT)) as s:
        s.settimeout(20)
        s.sendall(text)
        got = s.recv(200)
    check(name, got.startswith(prefix) and bool(got) == bool(prefix), got)
    return time.time() - start


def rebinding():
    for host, code in {"evil.example": 421, "127.0.0.1.evil.example": 421, "2130706433": 421, " ": 421, "127.0.0.1@evil.example": 400}.items():
        expect(code, f"Host {host!r}", "GET", "/api/status", host=host)
    raw("absolute-form of another host", b"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"HTTP/1.1 421")
    raw("two Host headers", b"GET / HTTP/1.1\r\nHost: a\r\nHost: 127.0.0.1\r\n\r\n", b"HTTP/1.1 400")


def paths():
    for path in ["/%2e%2e/%2e%2e/etc/passwd", "/vendor/..%2f..%2fetc%2fpasswd", "/page/app.js", "/index.html", "/.git/config", "/debug/pprof/", "/api/tokens"]:
        expect(404, path, "GET", path)


def forgery(cookie):
    for name, headers in {"Origin": {"Origin": "http://evil.example"}, "Sec-Fetch-Site": {"Sec-Fetch-Site": "cross-site"}, "Origin null": {"Origin": "null"}}.items():
        expect(403, f"forged reload, {name}", "POST", "/api/reload", {**JSON, **headers, "Cookie": cookie}, b"{}")
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""]:
        expect(415, f"form as {kind!r}", "POST", "/api/login", {"Content-Type": kind}, b'{"password":"x"}')
    for method in ["PUT", "DELETE", "PATCH"]:
        expect(405, method, method, "/api/live")
    expect(404, "reload by GET", "GET", "/api/reload", {"Cookie": cookie})
    expect(405, "preflight", "OPTIONS", "/api/status", {"Origin": "http://evil.example", "Access-Control-Request-Method": "GET"})
    expect(200, "status for a foreign origin has no CORS header", "GET", "/api/status", {"Origin": "http://evil.example"})


def access():
    expect(401, "reload without a session", "POST", "/api/reload", JSON, b"{}")
    expect(401, "a guessed cookie", "POST", "/api/reload", {**JSON, "Cookie": "envoy_mqtt=" + "A" * 26}, b"{}")
    expect(401, "forged ingress", "POST", "/api/reload", {**JSON, "X-Ingress-Path": "/x", "X-Forwarded-For": "172.30.32.2", "Forwarded": "for=172.30.32.2"}, b"{}")
    expect(413, "a body of 17 kB", "POST", "/api/login", JSON, b'{"password":"' + b"x" * 17000 + b'"}')
    expect(400, "no JSON", "POST", "/api/login", JSON, b"\xff\x00")
    expect(400, "deep JSON", "POST", "/api/login", JSON, b"[" * 10000)
    expect(401, "wrong password", "POST", "/api/login", JSON, b'{"password":"x"}')
    expect(429, "the next attempt at once", "POST", "/api/login", JSON, b'{"password":"secret"}')
    time.sleep(1.2)
    status, headers, _ = request("POST", "/api/login", JSON, b'{"password":"secret"}')
    cookie = headers.get("Set-Cookie", "")
    check("the cookie", status == 200 and "HttpOnly" in cookie and "SameSite=Strict" in cookie, status)
    cookie = cookie.split(";")[0]
    expect(422, "a token with control characters", "POST", "/api/token", {**JSON, "Cookie": cookie}, b'{"token":"a\\u0000b"}')
    expect(404, "a token for ../..", "POST", "/api/token", {**JSON, "Cookie": cookie}, b'{"gateway":"../..","token":"a.b.c"}')
    return cookie


def queries():
    for query in ["period=x", "date=9999-99-99", "date=2026-02-30", "points=-1", "points=99999999999999999999", "format=exe"]:
        expect(400, query, "GET", "/api/history?" + query)
    for query in ["gateway=%0d%0aSet-Cookie:x=1", "gateway=..%2f.."]:
        expect(404, query, "GET", "/api/history?" + query)


def protocol():
    raw("Content-Length and Transfer-Encoding", b"POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"HTTP/1.1 400")
    raw("TLS", b"\x16\x03\x01\x00\x05hello", b"HTTP/1.1 400")
    took = raw("a header that does not end", b"GET / HTTP/1.1\r\nHost: 127", b"")
    check("it is closed after 5 s", 4 < took < 9, took)
    took = raw("a body that does not end", b"POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", b"HTTP/1.1 400")
    check("it is answered after 5 s", 4 < took < 9, took)


def clients():
    streams = []
    for _ in range(70):
        s = socket.create_connection((HOST, PORT))
        s.sendall(b"GET /api/events?view=page HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        streams.append(s)
        time.sleep(0.02)
    time.sleep(1)
    ended = 0
    for s in streams:
        s.settimeout(0.2)
        text = b""
        try:
            while got := s.recv(65536):
                text += got
        except TimeoutError:
            pass
        ended += text.endswith(b"\r\n0\r\n\r\n")  # the last chunk
    check("64 of 70 clients that read events stay", ended == 6, ended)
    idle = [socket.create_connection((HOST, PORT)) for _ in range(300)]
    start = time.time()
    status = request("GET", "/healthz")[0]
    took = time.time() - start
    check("300 idle connections do not delay /healthz", status == 200 and took < 2, (status, took))
    for s in streams + idle:
        s.close()


with tempfile.TemporaryDirectory() as folder:
    config = os.path.join(folder, "config.ini")
    with open(config, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as f:
        f.write(f"[GENERAL]\nSTATE_DIR={folder}\n[MQTT]\nURL=mqtt://127.0.0.1:1\n[HTTP]\nLISTEN={HOST}:{PORT}\nPAGE=true\nPASSWORD=secret\n[ENVOY]\nHOST=127.0.0.1:1\n")
    program = subprocess.Popen([sys.argv[1], "--config", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                request("GET", "/api/status")
                break
            except OSError:
                time.sleep(0.1)
        rebinding()
        paths()
        cookie = access()
        forgery(cookie)
        queries()
        protocol()
        clients()
        expect(200, "afterwards the page works", "GET", "/")
        check("the program still runs", program.poll() is None)
    finally:
        program.terminate()
        program.wait(20)
sys.exit(failed > 0)
