"""Gauges that come and go with what they are about."""

from datetime import UTC, datetime

from pylae.controlplane.metrics import Metrics


def test_the_end_of_a_certificate_is_shown_while_it_is_served() -> None:
    metrics = Metrics()

    def shown() -> float | None:
        return metrics.registry.get_sample_value(
            "pylae_certificate_not_after_seconds", {"namespace": "shop", "secret": "kubernetes://a"}
        )

    metrics.expiry("shop", "kubernetes://a", datetime(2027, 1, 1, tzinfo=UTC))
    assert shown() == datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    metrics.expiry("shop", "kubernetes://a", None)
    metrics.expiry("shop", "kubernetes://a", None)
    assert shown() is None


def test_a_code_of_which_nothing_is_found_any_more_is_not_shown() -> None:
    metrics = Metrics()
    metrics.found("PYL0101", "CertificateMissing", 2)
    labels = {"code": "PYL0101", "reason": "CertificateMissing"}
    assert metrics.registry.get_sample_value("pylae_findings", labels) == 2
    metrics.found("PYL0101", "CertificateMissing", 0)
    assert metrics.registry.get_sample_value("pylae_findings", labels) is None
