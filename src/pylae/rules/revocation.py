"""What tells clients and us that a certificate was withdrawn: revocation lists and stapled OCSP answers."""

from cryptography import x509
from cryptography.x509 import ocsp

from pylae.rules.armour import Broken, blocks
from pylae.rules.certificates import certificate, read_certificates


def read_revocations(text: bytes) -> bytes:
    """The revocation lists of a PEM text and nothing else, in PEM. Raises `armour.Broken` where Envoy would refuse
    them.
    """
    lists = tuple(block for block in blocks(text) if block.label == "X509 CRL")
    if not lists:
        raise Broken("It holds no revocation list in PEM.", "A revocation list begins with -----BEGIN X509 CRL-----.")
    for block in lists:
        try:
            x509.load_der_x509_crl(bytes(block.der))
        except ValueError:
            raise Broken(
                f"The revocation list of line {block.line} cannot be read.", "Issue or copy it once more."
            ) from None
    return b"".join(block.armoured() for block in lists)


def check_staple(chain: bytes, staple: bytes) -> None:
    """Whether Envoy takes this OCSP answer (DER, b"" for none) with the first certificate of the chain; else raises
    `armour.Broken`."""
    leaf = certificate(bytes(read_certificates(chain)[0].der))
    if not staple:
        if _must_staple(leaf):
            raise Broken(
                "The certificate demands a stapled OCSP answer (must-staple), and there is none.",
                "Add the key tls.ocsp-staple, or issue the certificate without that demand.",
            )
        return
    if not _answers_for(leaf, staple):
        raise Broken(
            "The OCSP answer in tls.ocsp-staple cannot be read or is for another certificate.",
            "Fetch it again for this certificate, or remove the key.",
        )


def _must_staple(leaf: x509.Certificate) -> bool:
    try:
        features = leaf.extensions.get_extension_for_class(x509.TLSFeature).value
    except x509.ExtensionNotFound:
        return False
    return x509.TLSFeatureType.status_request in features


def _answers_for(leaf: x509.Certificate, staple: bytes) -> bool:
    try:
        answer = ocsp.load_der_ocsp_response(staple)
        return (
            answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL and answer.serial_number == leaf.serial_number
        )
    except ValueError:
        return False
