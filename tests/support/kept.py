"""Connections that carry one request after the other, and say how each ended: HTTP/1.1 and HTTP/2 over asyncio.

Just as much of either protocol as a client needs that asks one question and wants to know whether an answer was lost.
h2load will not do: one whose connection dies goes on without it and counts nothing as failed.
"""

import asyncio
import struct
from collections.abc import Iterator

CLOSED = "the connection was closed before the answer"

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 0x20
REFUSED_STREAM = 7
STATUSES = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}
"""The indexed fields of HPACK's static table that are a whole `:status` (RFC 7541, appendix A)."""


class Lost(Exception):
    """A request without a 200; the message is the reason."""


class Unprocessed(Exception):
    """The server says that it did nothing with the request, so any client may ask again (RFC 9113, 8.7)."""


class _Base(asyncio.Protocol):
    transport: asyncio.Transport
    leaving = False

    @property
    def open(self) -> bool:
        """Whether another request may be sent; `idle` is whether right now."""
        return not self.leaving and not self.transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def close(self) -> None:
        self.leaving = True
        self.transport.close()


class Http1(_Base):
    """One request at a time. `more` are further lines of its head."""

    more = ""

    def __init__(self) -> None:
        self._received = b""
        self._asked: asyncio.Future[None] | None = None

    @property
    def idle(self) -> bool:
        return self.open and self._asked is None

    def ask(self, host: str) -> "asyncio.Future[None]":
        self.transport.write(f"GET / HTTP/1.1\r\nhost: {host}\r\n{self.more}\r\n".encode())
        self._asked = asyncio.get_running_loop().create_future()
        return self._asked

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or not _whole(head.lower(), body):
            return
        self._received = b""
        if b"\r\nconnection: close" in head.lower():
            self.close()
        status = head[9:12].decode(errors="replace")
        self._answer(None if status == "200" else Lost(f"status {status}"))

    def connection_lost(self, error: Exception | None) -> None:
        self.leaving = True
        self._answer(Lost(f"{CLOSED} ({error or 'end of stream'}, {len(self._received)} bytes of it were there)"))

    def _answer(self, error: Exception | None) -> None:
        asked, self._asked = self._asked, None
        _settle(asked, error)


def _whole(head: bytes, body: bytes) -> bool:
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    _, _, length = head.partition(b"\r\ncontent-length:")
    return len(body) >= int(length.partition(b"\r\n")[0] or 0)


class Http2(_Base):
    """Many requests at a time, each on a stream of its own."""

    def __init__(self) -> None:
        self._received = b""
        self._stream = 1
        self._asked: dict[int, asyncio.Future[None]] = {}
        self._errors: dict[int, Exception] = {}

    @property
    def idle(self) -> bool:
        return self.open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        widest = _frame(SETTINGS, 0, 0, struct.pack(">HLHL", 2, 0, 4, 2**31 - 1))  # no push, and bodies of any length
        self.transport.write(PREFACE + widest + _frame(WINDOW_UPDATE, 0, 0, struct.pack(">L", 2**30)))

    def ask(self, host: str) -> "asyncio.Future[None]":
        stream, self._stream = self._stream, self._stream + 2
        if stream > 2**30:
            self.leaving = True
        fields = b"\x82\x87\x84" + b"\x01" + bytes([len(host)]) + host.encode()  # GET, https, /, :authority
        self.transport.write(_frame(HEADERS, END_STREAM | END_HEADERS, stream, fields))
        self._asked[stream] = asyncio.get_running_loop().create_future()
        return self._asked[stream]

    def data_received(self, data: bytes) -> None:
        self._received += data
        for type_, flags, stream, payload in self._frames():
            match type_:
                case _ if type_ == SETTINGS and not flags & ACK:
                    self.transport.write(_frame(SETTINGS, ACK, 0, b""))
                case _ if type_ == PING and not flags & ACK:
                    self.transport.write(_frame(PING, ACK, 0, payload))
                case _ if type_ == GOAWAY:
                    self._leave(*struct.unpack(">LL", payload[:8]))
                case _ if type_ == RST_STREAM:
                    (code,) = struct.unpack(">L", payload)
                    refused = (
                        Unprocessed() if code == REFUSED_STREAM else Lost(f"the stream was reset with code {code}")
                    )
                    self._answer(stream, refused)
                case _ if type_ in (DATA, HEADERS):
                    if type_ == HEADERS and (wrong := _judge(flags, payload)):
                        self._errors.setdefault(stream, wrong)
                    if flags & END_STREAM:
                        self._answer(stream, self._errors.pop(stream, None))

    def connection_lost(self, error: Exception | None) -> None:
        self.leaving = True
        for stream in list(self._asked):
            self._answer(stream, Lost(f"{CLOSED} ({error or 'end of stream'})"))

    def _frames(self) -> Iterator[tuple[int, int, int, bytes]]:
        while len(self._received) >= 9:
            length = int.from_bytes(self._received[:3], "big")
            if len(self._received) < 9 + length:
                return
            type_, flags, stream = struct.unpack(">BBL", self._received[3:9])
            payload, self._received = self._received[9 : 9 + length], self._received[9 + length :]
            yield type_, flags, stream & 0x7FFFFFFF, payload

    def _leave(self, last: int, code: int) -> None:
        """What is under way up to `last` is still answered here; with an error in `code` it may not be."""
        self.leaving = True
        for stream in [stream for stream in self._asked if stream > last & 0x7FFFFFFF]:
            self._answer(stream, Unprocessed() if code == 0 else Lost(f"the server left with code {code}"))
        if not self._asked:
            self.transport.close()

    def _answer(self, stream: int, error: Exception | None) -> None:
        _settle(self._asked.pop(stream, None), error)
        if not self.open and not self._asked:
            self.transport.close()


Connection = Http1 | Http2


def _judge(flags: int, payload: bytes) -> Exception | None:
    """`:status` is always first; trailers have none."""
    start = (1 if flags & PADDED else 0) + (5 if flags & PRIORITY else 0)
    while start < len(payload) and payload[start] & 0xE0 == 0x20:  # the dynamic table's size
        start += 1
    field = payload[start] if start < len(payload) else 0
    if field in STATUSES:
        return None if STATUSES[field] == 200 else Lost(f"status {STATUSES[field]}")
    if field & 0x3F == 8 or field & 0x0F == 8:
        return Lost(f"a status other than 200 ({payload[start : start + 5].hex()} in HPACK)")
    return None


def _settle(asked: "asyncio.Future[None] | None", error: Exception | None) -> None:
    if asked is None or asked.done():
        return
    if error is None:
        asked.set_result(None)
    else:
        asked.set_exception(error)


def _frame(type_: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + struct.pack(">BBL", type_, flags, stream) + payload
