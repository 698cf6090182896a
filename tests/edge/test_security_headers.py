"""Every answer tells the browser what it may load, keep, and be framed by."""

import re

import pytest

from access.headers import (
    OWN_POLICY,
    answer_headers,
    inline_script_hashes,
    streamlit_policy,
)
from access.settings import DoorSettings
from tests.edge.door import (
    FROM_HERE,
    HTML,
    INDEX_HTML,
    KIOSK_TOKEN,
    PUBLIC,
    TOKEN,
    Door,
    cookie,
)


HERE = {"host": "outcomes.example.org"}
SIGNED_IN = cookie(TOKEN)

# One of each kind: what to ask, the status, whether the page is Streamlit's.
KINDS = {
    "a page": ("/patient", {"headers": SIGNED_IN | HTML}, 200, True),
    "a file": ("/media/5f0c.csv", {"headers": SIGNED_IN}, 200, True),
    "a part of Streamlit": ("/static/a.js", {}, 200, True),
    "the icon": ("/favicon.png", {}, 200, True),
    "our sign-in": ("/login", {}, 200, False),
    "our account page": ("/account", {"headers": SIGNED_IN}, 200, False),
    "the server's life": ("/healthz", {}, 200, False),
    "a session's time": ("/session", {}, 200, False),
    "the tablet": ("/kiosk", {"headers": cookie(KIOSK_TOKEN)}, 200, False),
    "shown to sign-in": ("/patient", {"headers": HTML}, 303, False),
    "shown to the tablet": ("/", {"headers": cookie(KIOSK_TOKEN) | HTML}, 303, False),
    "not signed in": ("/media/5f0c.csv", {}, 401, False),
    "a trick": ("/static/../patient", {}, 400, False),
    "a stranger's host": ("/", {"headers": {"host": "evil.example"}}, 400, False),
    "a stranger's form": ("/login", {"method": "POST"}, 403, False),
    "a method": ("/login", {"method": "TRACE"}, 405, False),
    "shut": ("/_stcore/metrics", {"headers": SIGNED_IN}, 404, False),
    "too large": (
        "/login",
        {"method": "POST", "headers": FROM_HERE | {"content-length": "9999999"}},
        413,
        False,
    ),
    "too many headers": ("/", {"headers": {"x-a": "a" * 20_000}}, 431, False),
}
ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_is_guarded(kind):
    path, request, status, of_streamlit = KINDS[kind]
    answer = Door().ask(path, **request)
    assert answer.status == status
    names = [name for name, _ in answer.raw_headers]
    assert len(names) == len(set(names)), "each header once"
    assert answer.headers.items() >= ALWAYS.items()
    assert "camera=()" in answer.headers["permissions-policy"]
    policy = streamlit_policy(INDEX_HTML) if of_streamlit else OWN_POLICY
    assert answer.headers["content-security-policy"] == policy
    assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("fault", [ValueError("x"), None])
def test_an_apology_is_guarded_too(fault):
    door = Door()
    door.inside.fault = fault
    door.visitors.reachable = fault is not None
    answer = door.ask("/patient", headers=SIGNED_IN)
    assert answer.status == (500 if fault else 503)
    assert answer.headers.items() >= ALWAYS.items()
    assert answer.headers["content-security-policy"] == OWN_POLICY
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("kind", ["a page", "our sign-in", "the server's life"])
def test_behind_tls_browsers_are_told_to_stay_there(kind):
    path = KINDS[kind][0]
    headers = HERE | {"cookie": f"__Host-session={TOKEN}"}
    answer = Door(DoorSettings(PUBLIC)).ask(path, headers=headers)
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_our_own_pages_run_no_script_at_all():
    assert "script-src" not in OWN_POLICY
    assert OWN_POLICY.startswith("default-src 'none'")


@pytest.mark.parametrize("policy", [OWN_POLICY, streamlit_policy(INDEX_HTML)])
def test_no_policy_lets_text_become_a_script(policy):
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    scripts = directives.get("script-src", "").split()
    assert "'unsafe-eval'" not in policy
    assert "'wasm-unsafe-eval'" not in policy
    assert "'unsafe-inline'" not in scripts
    assert not {"*", "http:", "https:", "data:"} & set(policy.split()[0:1] + scripts)
    assert "data:" not in scripts
    for directive, value in {
        "default-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "'self'",
    }.items():
        assert directives[directive] == value
    assert not re.search(r"\w\.\w", policy), "no other host is named"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<p>no script</p>", 0),
        ("<script src='a.js'></script>", 0),
        ("<script src></script>", 0),
        ("<script>1</script>", 1),
        ("<SCRIPT type='module'>1</SCRIPT>", 1),
        ("<script>1</script><p>x</p><script>2</script>", 2),
        ("<!-- <script>1</script> -->", 0),
        ("<script>if (a < b && c > d) '</p>'</script>", 1),
    ],
)
def test_each_script_in_the_page_is_allowed_by_its_hash(html, found):
    hashes = inline_script_hashes(html)
    assert len(set(hashes)) == found
    assert streamlit_policy(html).count("'sha256-") == found


def test_the_hash_is_of_the_script_as_it_stands_there():
    # echo -n ' a < b ' | openssl dgst -sha256 -binary | base64
    assert inline_script_hashes("<script> a < b </script>") == [
        # pragma: allowlist nextline secret
        "'sha256-2pDuP87IGDcUnDLAYs1OONQnuRtGX0Az2XwBQVYMWIs='"
    ]


def guarded(*headers, path="/patient", secure=False):
    given = [(name.encode(), value.encode()) for name, value in headers]
    answered = answer_headers(given, path=path, policy=OWN_POLICY, secure=secure)
    return [(name.decode(), value.decode()) for name, value in answered]


@pytest.mark.parametrize(
    "header",
    [
        ("Server", "uvicorn"),
        ("x-powered-by", "streamlit"),
        ("Access-Control-Allow-Origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("Content-Security-Policy", "default-src *"),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("Cache-Control", "public, max-age=31536000"),
    ],
)
def test_what_a_route_says_otherwise_is_taken_away(header):
    assert header not in guarded(header)
    assert header not in [(k.title(), v) for k, v in guarded(header)]
    assert header[1] not in dict(guarded(header)).values()


def test_what_is_under_static_may_be_kept_if_streamlit_says_so():
    kept = ("cache-control", "public, immutable, max-age=31536000")
    assert kept in guarded(kept, path="/static/a.js")
    assert ("cache-control", "no-store") in guarded(path="/static/a.js")
    assert ("cache-control", "no-store") in guarded(kept, path="/media/5f0c.csv")


@pytest.mark.parametrize(
    ("given", "secure", "sent"),
    [
        ("a=1; Path=/", False, "a=1; Path=/"),
        ("a=1; Path=/", True, "a=1; Path=/; Secure"),
        ("a=1; Secure; Path=/", True, "a=1; Secure; Path=/"),
        ("a=1; path=/;secure", True, "a=1; path=/;secure"),
        ("secure=1; Path=/", True, "secure=1; Path=/; Secure"),
    ],
)
def test_behind_tls_every_cookie_is_for_tls_only(given, secure, sent):
    assert ("set-cookie", sent) in guarded(("set-cookie", given), secure=secure)


def test_two_cookies_stay_two():
    both = [("set-cookie", "a=1"), ("set-cookie", "b=2")]
    assert [pair for pair in guarded(*both) if pair[0] == "set-cookie"] == both
