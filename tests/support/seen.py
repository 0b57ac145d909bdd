"""What a TLS client sees of a host on loopback."""

import asyncio
import ssl

from cryptography import x509


async def serial(host: str, port: int) -> int | None:
    """The serial number of the certificate that is served, None if no handshake succeeds."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=_trusting(), server_hostname=host)
    except (OSError, ssl.SSLError):
        return None
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(shown).serial_number


async def body(host: str, port: int) -> str:
    """What `/` answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=_trusting(), server_hostname=host)
    writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return answer.partition("\r\n\r\n")[2]


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
