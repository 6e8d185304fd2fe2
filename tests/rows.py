"""The ids of a server's rows."""

from __future__ import annotations

from intervals_async.testing import FakeIntervals


def ids(fake: FakeIntervals, resource: str = "projectnote", **values: object) -> list[int]:
    """Return the ids of the rows with these values, in the server's order."""
    return [int(str(row["id"])) for row in fake.rows(resource) if values.items() <= row.items()]


def project_ids(fake: FakeIntervals) -> list[int]:
    """Return the ids of the projects that have notes."""
    return sorted({int(str(row["projectid"])) for row in fake.rows("projectnote")})


def person_with_contacts(fake: FakeIntervals) -> int:
    """Return the id of a person whose contacts can be listed, which takes one request."""
    return int(str(fake.rows("personcontact")[0]["personid"]))
