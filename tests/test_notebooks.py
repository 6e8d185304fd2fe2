"""The notebooks run from the first cell to the last, with and without an account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from intervals_async.testing import FakeIntervals

pytestmark = pytest.mark.slow

NOTEBOOKS = {
    path.stem: path
    for path in (Path(__file__).parent.parent / "examples" / "notebooks").glob("*.ipynb")
}


def cells(notebook: Any) -> list[Any]:
    """Return the cells with code."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def run(name: str, folder: Path) -> list[Any]:
    """Execute a notebook in a folder, and return its outputs."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(NOTEBOOKS[name], as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return [output for cell in cells(notebook) for output in cell["outputs"]]


def shown(outputs: list[Any], kind: str) -> list[str]:
    """Return the outputs of a MIME type."""
    return [output["data"][kind] for output in outputs if kind in output.get("data", {})]


def test_there_are_two_notebooks() -> None:
    """The notebooks are stored without outputs, which would show the data of an account."""
    assert {*NOTEBOOKS} == {"hours_by_client_and_week", "join_time_people_and_projects"}
    for path in NOTEBOOKS.values():
        for cell in cells(json.loads(path.read_text("utf-8"))):
            assert (cell["outputs"], cell["execution_count"]) == ([], None)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_without_an_account(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook runs in an empty folder without an account, and shows no error or warning."""
    monkeypatch.delenv("INTERVALS_TOKEN", raising=False)
    monkeypatch.delenv("INTERVALS_BASE_URL", raising=False)
    outputs = run(name, tmp_path)
    assert not [each for each in outputs if each.get("name") == "stderr"]
    assert shown(outputs, "text/html")


def test_hours_by_client_and_week(served: FakeIntervals, tmp_path: Path) -> None:
    """The notebook shows the listing before it is read, a table and a plot."""
    outputs = run("hours_by_client_and_week", tmp_path)
    listing, estimate, *tables = shown(outputs, "text/html")
    assert "Listing of time" in listing
    assert "Estimate" in estimate
    assert any("week" in table for table in tables)
    assert len(shown(outputs, "image/png")) == 1


def test_join_time_people_and_projects(served: FakeIntervals, tmp_path: Path) -> None:
    """The notebook shows the manifest, and the joined hours are all that were logged."""
    outputs = run("join_time_people_and_projects", tmp_path)
    assert any("time.parquet" in table for table in shown(outputs, "text/html"))
    (printed,) = [each["text"] for each in outputs if each.get("name") == "stdout"]
    logged = sum(float(str(row["time"])) for row in served.rows("time"))
    assert printed == f"{logged:.2f} hours\n"
