"""Traffic policies of DestinationRules: the rules of Istio's webhook (pkg/config/validation, validateTrafficPolicy)."""

from pylae.api.connection_pool import ConnectionPoolSettings, HttpSettings, OutlierDetection, TcpSettings
from pylae.api.load_balancing import ConsistentHash, LoadBalancerSettings
from pylae.api.traffic_policy import PortTrafficPolicy, TrafficPolicy
from pylae.validation.client_tls import check_client_tls
from pylae.validation.report import Path, Report
from pylae.validation.scalars import check_alternatives, check_duration, check_port


def check_traffic_policy(policy: TrafficPolicy | None, path: Path, report: Report) -> None:
    """A policy of a service or of a subset."""
    if policy is None:
        return
    if policy == TrafficPolicy():
        report.error(path, "traffic policy must have at least one field.", "Remove it, or say what it should do.")
    if policy.tunnel is not None and policy.proxy_protocol is not None:
        report.error(path, "tunnel and proxyProtocol must not be set both.", "Keep one.")
    _check_blocks(policy, path, report)
    for index, port_policy in enumerate(policy.port_level_settings):
        _check_port_policy(port_policy, path / "portLevelSettings" / index, report)


def _check_port_policy(policy: PortTrafficPolicy, path: Path, report: Report) -> None:
    if policy.port is None:
        report.error(path / "port", "portLevelSettings must have port.", "Set port.number.")
    else:
        check_port(report, path / "port" / "number", policy.port.number)
    if policy == PortTrafficPolicy(port=policy.port):
        report.error(path, "port traffic policy must have at least one field beside port.", "Remove it.")
    _check_blocks(policy, path, report)


def _check_blocks(policy: TrafficPolicy | PortTrafficPolicy, path: Path, report: Report) -> None:
    """The four blocks that a policy has in general and for a port."""
    if policy.outlier_detection is not None:
        _check_outlier_detection(policy.outlier_detection, path / "outlierDetection", report)
    if policy.connection_pool is not None:
        _check_connection_pool(policy.connection_pool, path / "connectionPool", report)
    if policy.load_balancer is not None:
        _check_load_balancer(policy.load_balancer, path / "loadBalancer", report)
    if policy.tls is not None:
        check_client_tls(policy.tls, path / "tls", report)


def _check_outlier_detection(outliers: OutlierDetection, path: Path, report: Report) -> None:
    check_duration(report, path / "interval", outliers.interval)
    check_duration(report, path / "baseEjectionTime", outliers.base_ejection_time)
    percents = {"maxEjectionPercent": outliers.max_ejection_percent, "minHealthPercent": outliers.min_health_percent}
    for name, percent in percents.items():
        if not 0 <= percent <= 100:
            report.error(path / name, f"percentage {percent} must be in the range 0..100.")


def _check_connection_pool(pool: ConnectionPoolSettings, path: Path, report: Report) -> None:
    if pool.tcp is None and pool.http is None:
        report.error(path, "connection pool must have at least one of tcp and http.", "Set one.")
    if pool.tcp is not None:
        _check_tcp_pool(pool.tcp, path / "tcp", report)
    if pool.http is not None:
        _check_http_pool(pool.http, path / "http", report)


def _check_tcp_pool(pool: TcpSettings, path: Path, report: Report) -> None:
    _check_not_negative(report, path, {"maxConnections": pool.max_connections})
    check_duration(report, path / "connectTimeout", pool.connect_timeout)
    check_duration(report, path / "maxConnectionDuration", pool.max_connection_duration)


def _check_http_pool(pool: HttpSettings, path: Path, report: Report) -> None:
    limits = {
        "http1MaxPendingRequests": pool.http1_max_pending_requests,
        "http2MaxRequests": pool.http2_max_requests,
        "maxRequestsPerConnection": pool.max_requests_per_connection,
        "maxRetries": pool.max_retries,
        "maxConcurrentStreams": pool.max_concurrent_streams,
    }
    _check_not_negative(report, path, limits)
    check_duration(report, path / "idleTimeout", pool.idle_timeout)
    if pool.h2_upgrade_policy == "UPGRADE" and pool.use_client_protocol:
        report.error(path, "use client protocol must not be true when H2UpgradePolicy is UPGRADE.", "Keep one of both.")


def _check_not_negative(report: Report, path: Path, limits: dict[str, int]) -> None:
    for name, limit in limits.items():
        if limit < 0:
            report.error(path / name, f"{name} must be non negative, and {limit} is not.", "Leave it out for no limit.")


def _check_load_balancer(balancer: LoadBalancerSettings, path: Path, report: Report) -> None:
    check_alternatives(report, path, simple=balancer.simple, consistentHash=balancer.consistent_hash)
    if balancer.consistent_hash is not None:
        _check_consistent_hash(balancer.consistent_hash, path / "consistentHash", report)
    check_duration(report, path / "warmupDurationSecs", balancer.warmup_duration_secs)
    if balancer.warmup is not None:
        if balancer.warmup.duration is None:
            report.error(path / "warmup" / "duration", "duration of the warmup is required.")
        check_duration(report, path / "warmup" / "duration", balancer.warmup.duration)
    for index, share in enumerate(balancer.locality_lb_setting.distribute if balancer.locality_lb_setting else ()):
        if sum(share.to.values()) != 100:
            total = sum(share.to.values())
            here = path / "localityLbSetting" / "distribute" / index / "to"
            report.error(here, f"total locality weight {total} != 100.", "Let them add up to 100.")


def _check_consistent_hash(hashing: ConsistentHash, path: Path, report: Report) -> None:
    keys = {
        "httpHeaderName": hashing.http_header_name,
        "httpCookie": hashing.http_cookie,
        "useSourceIp": hashing.use_source_ip,
        "httpQueryParameterName": hashing.http_query_parameter_name,
    }
    check_alternatives(report, path, **keys)
    if all(value is None for value in keys.values()):
        report.error(path, f"consistentHash needs a key to hash by: one of {', '.join(keys)}.")
    if hashing.http_cookie is not None and not hashing.http_cookie.name:
        report.error(path / "httpCookie" / "name", "name required for HttpCookie.")
