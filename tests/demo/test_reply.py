"""What `curl -v` prints, as the walkthrough shows it (curl 8.5 with OpenSSL 3), in short."""

import pytest

from pylae.demo import see
from pylae.demo.reply import Reply
from pylae.demo.step import Outcome

SERVED = """\
* Connected to webapp.istioinaction.io (127.0.0.1) port 30005
* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384 / X25519 / RSASSA-PSS
* Server certificate:
*  subject: C=US; ST=Denial; L=Springfield; O=Dis; CN=webapp.istioinaction.io
*  start date: Jul  4 12:49:32 2021 GMT
*  issuer: C=US; ST=Denial; O=Dis; CN=webapp.istioinaction.io
> Host: webapp.istioinaction.io:30005
< HTTP/2 200\x20
< content-length: 357
< x-envoy-upstream-service-time: 14
< server: istio-envoy
<\x20
"""
REDIRECTED = """\
< HTTP/1.1 301 Moved Permanently
< location: https://webapp.istioinaction.io:30000/api/catalog
< server: istio-envoy
< content-length: 0
<
"""
NO_CERTIFICATE = (
    "* TLSv1.3 (IN), TLS alert, unknown (628):\n"
    "curl: (56) OpenSSL SSL_read: OpenSSL/3.0.13: error:0A00045C:SSL routines::"
    "tlsv13 alert certificate required, errno 0\n"
)
FOREIGN_CERTIFICATE = "curl: (56) OpenSSL SSL_read: error:0A000418:SSL routines::tlsv1 alert unknown ca, errno 0\n"
UNTRUSTED = "curl: (60) SSL certificate problem: unable to get local issuer certificate\nMore details here: …\n"


def served(told: str = SERVED) -> Outcome:
    return Outcome(0, "x" * 357, told)


def test_an_answer_over_tls_in_one_line() -> None:
    assert Reply.of(served()).summary() == (
        "HTTP/2 200 · server: istio-envoy · 357 bytes · TLSv1.3 · CN=webapp.istioinaction.io"
    )


def test_a_redirect_in_one_line() -> None:
    assert Reply.of(Outcome(0, "", REDIRECTED)).summary() == (
        "HTTP/1.1 301 · location: https://webapp.istioinaction.io:30000/api/catalog · server: istio-envoy · 0 bytes"
    )


def test_lines_ended_as_http_ends_them_read_the_same() -> None:
    assert see.answer(served(SERVED.replace("\n", "\r\n"))) == see.answer(served())


def test_an_error_is_shown_in_curls_own_words() -> None:
    told = Reply.of(Outcome(60, "", UNTRUSTED)).summary()
    assert told == "curl: (60) SSL certificate problem: unable to get local issuer certificate"


@pytest.mark.parametrize(
    ("code", "told", "seen"),
    [
        (60, UNTRUSTED, "60"),
        (35, "curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to localhost:30005\n", "35"),
        (56, NO_CERTIFICATE, "56 certificate required"),
        (56, FOREIGN_CERTIFICATE, "56 unknown ca"),
        (0, REDIRECTED, "301 HTTP/1.1 istio-envoy 0 bytes"),
    ],
)
def test_a_failure_is_seen_as_curls_code_with_the_servers_alert(code: int, told: str, seen: str) -> None:
    assert see.failure(Outcome(code, "", told)) == seen


def test_what_is_seen_of_an_answer() -> None:
    assert see.answer(served()) == "200 h2 istio-envoy 357 bytes TLSv1.3"
    assert see.named(served()) == "200 357 bytes CN=webapp.istioinaction.io"
    assert see.since(served()) == "200, valid since Jul  4 12:49:32 2021 GMT"
    assert see.service_time(served()) == "present"
    assert see.redirect(Outcome(0, "", REDIRECTED)) == "301 https://webapp.istioinaction.io:30000/api/catalog"


def test_the_rows_of_a_secret_are_found_by_name() -> None:
    table = (
        "RESOURCE NAME                TYPE           STATUS      VALID CERT     SERIAL NUMBER\n"
        "kubernetes://webapp          Cert Chain     ACTIVE      true           1049106\n"
        "kubernetes://webapp-cacert   CA             ACTIVE      true           1049107\n"
        "kubernetes://missing                        WARMING     false\n"
    )
    rows = see.secret_rows("webapp", "webapp-cacert", "missing")
    assert rows(Outcome(0, table, "")) == "Cert Chain ACTIVE 1049106, CA ACTIVE 1049107, no missing"


def test_counters_are_seen_on_one_line() -> None:
    told = "listener_manager.total_listeners_draining: 0\nlistener_manager.listener_modified: 1\n"
    assert see.statistics(Outcome(0, told, "")) == "listener_modified: 1, total_listeners_draining: 0"
