"""What becomes of a matched request: forwarded, redirected, or answered by the gateway itself."""

from typing import Any

from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.retry.host.previous_hosts.v3 import previous_hosts_pb2
from envoy.extensions.retry.priority.previous_priorities.v3 import previous_priorities_config_pb2
from envoy.type.matcher.v3 import regex_pb2
from google.protobuf.wrappers_pb2 import UInt32Value

from pylae.model.ir.route import DirectResponse, Forward, Redirect, Retry, WeightedCluster
from pylae.xds.header_changes import apply_header_changes
from pylae.xds.matcher import regex
from pylae.xds.wellknown import NEVER, duration, pack

HOST_SELECTION_ATTEMPTS = 5
"""How often a retry looks for another host than the one that failed (Istio's default policy)."""

_Code = route_components_pb2.RedirectAction.RedirectResponseCode
REDIRECT_CODES = {
    301: _Code.MOVED_PERMANENTLY,
    302: _Code.FOUND,
    303: _Code.SEE_OTHER,
    307: _Code.TEMPORARY_REDIRECT,
    308: _Code.PERMANENT_REDIRECT,
}


def forward(action: Forward) -> Any:
    """`RouteAction`. The time-out is always written, zero included: without one Envoy would take its own 15 s."""
    message = route_components_pb2.RouteAction(timeout=duration(action.timeout), prefix_rewrite=action.prefix_rewrite)
    if not action.timeout:
        # A gRPC client's own deadline counts. Beside a time-out this must not stand: Envoy would ignore the time-out.
        message.max_stream_duration.max_stream_duration.CopyFrom(duration(NEVER))
        message.max_stream_duration.grpc_timeout_header_max.CopyFrom(duration(NEVER))
    if action.idle_timeout is not None:
        message.idle_timeout.CopyFrom(duration(action.idle_timeout))
    if action.retry is not None:
        message.retry_policy.CopyFrom(_retry_policy(action.retry))
    if action.regex_rewrite is not None:
        message.regex_rewrite.CopyFrom(
            regex_pb2.RegexMatchAndSubstitute(
                pattern=regex(action.regex_rewrite.pattern), substitution=action.regex_rewrite.substitution
            )
        )
    _set_clusters(message, action.clusters)
    if action.host_rewrite:
        message.host_rewrite_literal = action.host_rewrite
    return message


def redirect(action: Redirect) -> Any:
    """`RedirectAction`. What is left empty is taken from the request."""
    message = route_components_pb2.RedirectAction(
        host_redirect=action.host, port_redirect=action.port, response_code=REDIRECT_CODES[action.code]
    )
    if action.path:
        message.path_redirect = action.path
    elif action.prefix_rewrite:
        message.prefix_rewrite = action.prefix_rewrite
    if action.scheme:
        message.scheme_redirect = action.scheme
    return message


def direct_response(action: DirectResponse) -> Any:
    """`DirectResponseAction`."""
    message = route_components_pb2.DirectResponseAction(status=action.status)
    if action.body:
        message.body.inline_bytes = action.body
    return message


def _set_clusters(message: Any, shares: tuple[WeightedCluster, ...]) -> None:
    """One cluster is named by itself; its header changes are the route's (`route` puts them there)."""
    if len(shares) == 1:
        message.cluster = shares[0].cluster
        if shares[0].host_rewrite:
            message.host_rewrite_literal = shares[0].host_rewrite
    else:
        message.weighted_clusters.clusters.extend(_weighted(share) for share in shares)


def _weighted(share: WeightedCluster) -> Any:
    message = route_components_pb2.WeightedCluster.ClusterWeight(
        name=share.cluster, weight=UInt32Value(value=share.weight)
    )
    apply_header_changes(message, share.request_headers, share.response_headers)
    if share.host_rewrite:
        message.host_rewrite_literal = share.host_rewrite
    return message


def _retry_policy(retry: Retry) -> Any:
    message = route_components_pb2.RetryPolicy(
        retry_on=",".join(retry.on),
        num_retries=UInt32Value(value=retry.attempts),
        retriable_status_codes=retry.statuses,
        host_selection_retry_max_attempts=HOST_SELECTION_ATTEMPTS,
    )
    if retry.per_try_timeout is not None:
        message.per_try_timeout.CopyFrom(duration(retry.per_try_timeout))
    if retry.back_off is not None:
        message.retry_back_off.base_interval.CopyFrom(duration(retry.back_off))
    if retry.avoid_previous_hosts:
        message.retry_host_predicate.append(_previous_hosts())
    if retry.remote_localities:
        message.retry_priority.CopyFrom(_previous_priorities())
    return message


def _previous_hosts() -> Any:
    return route_components_pb2.RetryPolicy.RetryHostPredicate(
        name="envoy.retry_host_predicates.previous_hosts",
        typed_config=pack(previous_hosts_pb2.PreviousHostsPredicate()),
    )


def _previous_priorities() -> Any:
    """Every second attempt looks at priorities that were not tried yet (Istio's retryRemoteLocalities)."""
    return route_components_pb2.RetryPolicy.RetryPriority(
        name="envoy.retry_priorities.previous_priorities",
        typed_config=pack(previous_priorities_config_pb2.PreviousPrioritiesConfig(update_frequency=2)),
    )
