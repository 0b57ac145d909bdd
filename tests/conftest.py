"""What holds for every test: chance may find what we did not think of, but a busy machine is no failure."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    deadline=None,
    derandomize="CI" in os.environ,  # what a change broke should not depend on the day on which it is looked at
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")
