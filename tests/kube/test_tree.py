"""Which files are manifests, and whether they changed."""

import os
from pathlib import Path

from pylae.kube.tree import manifests, scan


def tree(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def names(root: Path) -> list[str]:
    return [str(path.relative_to(root)) for path in manifests(root)]


def test_manifests_are_found_below_a_directory_in_order(tmp_path: Path) -> None:
    tree(tmp_path, "b.yaml", "a.yml", "c.JSON", "sub/d.yaml", "sub/deeper/e.json", "a.txt", "README.md")
    assert names(tmp_path) == ["a.yml", "b.yaml", "c.JSON", "sub/d.yaml", "sub/deeper/e.json"]


def test_hidden_files_and_what_editors_leave_are_passed_over(tmp_path: Path) -> None:
    tree(tmp_path, ".a.yaml", ".git/b.yaml", "c.yaml~", "#d.yaml#", ".#e.yaml", ".f.yaml.swp", "4913", "g.yaml.bak")
    assert names(tmp_path) == []


def test_a_file_that_is_named_counts_whatever_it_is_called(tmp_path: Path) -> None:
    tree(tmp_path, "gateway.txt")
    assert list(manifests(tmp_path / "gateway.txt")) == [tmp_path / "gateway.txt"]


def test_a_file_that_is_not_there_has_no_stamp(tmp_path: Path) -> None:
    assert scan([tmp_path / "missing.yaml"]) == {}


def test_a_file_that_a_link_points_to_counts(tmp_path: Path) -> None:
    """A mounted ConfigMap is links to a hidden directory."""
    tree(tmp_path, "..data/a.yaml")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    assert list(scan([tmp_path])) == [tmp_path / "a.yaml"]


def test_writing_renaming_and_resizing_are_seen(tmp_path: Path) -> None:
    tree(tmp_path, "a.yaml", "other")
    path = tmp_path / "a.yaml"
    before = scan([tmp_path])
    assert scan([tmp_path]) == before
    facts = path.stat()
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))
    touched = scan([tmp_path])
    assert touched != before
    os.utime(tmp_path / "other", ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))
    (tmp_path / "other").replace(path)
    assert scan([tmp_path]) != touched
