"""Two servers that want one port at the same moment."""

from pathlib import Path

import pytest

from pylae.apiserver.server import _bind
from pylae.apiserver.settings import ApiServerSettings, SettingsError


def test_of_two_that_bind_a_port_at_once_the_second_is_told(tmp_path: Path) -> None:
    """SO_REUSEADDR lets both bind it as long as neither listens; then the loser would hear of it too late."""
    with _bind(ApiServerSettings(data=tmp_path / "a.db")) as first:
        settings = ApiServerSettings(data=tmp_path / "b.db", port=first.getsockname()[1])
        with pytest.raises(SettingsError, match="choose another"):
            _bind(settings)
