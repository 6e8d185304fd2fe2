"""What the served resources point to, but nobody serves yet: clients and project labels."""

from __future__ import annotations

from intervals_async.testing.account import Account, Sizes
from intervals_async.testing.tables import Table
from intervals_async.testing.wire import Row, columns
from intervals_async.testing.words import CLIENTS

_LABELS = (
    ("On track", "#00cc66", True),
    ("At risk & late", "#ff9900", True),
    ("Archived", "#999999", False),
)


def generate(account: Account, sizes: Sizes) -> None:
    """Make the clients and the labels."""
    client = account.tables["client"] = Table(columns("id:integer", "name", "localid"), 101)
    for place in range(sizes.clients):
        name = f"{CLIENTS[place % len(CLIENTS)]} {place + 1}"
        client.add({"id": client.next_id, "name": name, "localid": f"{place + 1:04}"})
    label_columns = columns("id:integer", "name", "color", "active:boolean", "place:integer")
    label = account.tables["projectlabel"] = Table(label_columns, 51)
    for place, (name, color, active) in enumerate(_LABELS):
        # The order of the settings is not the order of the names.
        row: Row = {"id": label.next_id, "name": name, "color": color, "active": active}
        label.add({**row, "place": -place})
