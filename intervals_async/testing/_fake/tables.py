"""The rows of one resource in the server's order, each with its encoded JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from intervals_async.testing._fake.wire import Column, Row, Value, encoder, id_of


class Table:
    """The rows of a resource by id, their order and their encoded JSON.

    ``version`` grows with every change, so that a cached selection can be recognized as stale.
    """

    __slots__ = ("_bytes", "_encoder", "_highest", "_ids", "_rows", "columns", "version")

    def __init__(self, columns: Sequence[Column], first_id: int = 1) -> None:
        self.columns: tuple[Column, ...] = tuple(columns)
        self.version: int = 0
        self._encoder = encoder(tuple(column for column in columns if column.list))
        self._rows: dict[int, Row] = {}
        self._ids: list[int] = []
        self._bytes: dict[int, bytes] = {}
        self._highest = first_id - 1

    def copy(self) -> Table:
        """Return an independent table with the same rows."""
        other = Table(self.columns, self._highest + 1)
        other._rows = self._rows.copy()
        other._ids = self._ids.copy()
        other._bytes = self._bytes.copy()
        other.version = self.version
        return other

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Row]:
        """Iterate over the rows in the server's order."""
        return (self._rows[identity] for identity in self._ids)

    @property
    def next_id(self) -> int:
        """The id of the next new row. An id is never used twice."""
        return self._highest + 1

    @property
    def ids(self) -> Sequence[int]:
        """The ids in the server's order."""
        return self._ids

    def get(self, identity: Value) -> Row | None:
        """Return the row with this id, or None."""
        return self._rows.get(identity) if isinstance(identity, int) else None

    def encoded(self, identities: Sequence[int]) -> list[bytes]:
        """Return these rows as JSON in the form that a list shows."""
        ready = self._bytes
        return [ready[identity] for identity in identities]

    def add(self, row: Row, before: int | None = None) -> int:
        """Insert a row that has an ``id``, at the end or before the row ``before``.

        Raises:
            ValueError: The id exists already, or ``before`` does not exist.
        """
        identity = id_of(row)
        if identity in self._rows:
            raise ValueError(f"id: expected a new one, got {identity}, which exists already")
        if before is not None and before not in self._rows:
            raise ValueError(f"before: expected the id of an existing record, got {before}")
        index = len(self._ids) if before is None else self._ids.index(before)
        self._ids.insert(index, identity)
        self._highest = max(self._highest, identity)
        self._store(identity, row)
        return identity

    def remove(self, identity: int) -> None:
        """Remove a row.

        Raises:
            KeyError: There is no such row.
        """
        del self._rows[identity]
        del self._bytes[identity]
        self._ids.remove(identity)
        self.version += 1

    def change(self, identity: int, fields: Mapping[str, Value], *, reorder: bool = False) -> None:
        """Set fields of a row; ``reorder`` moves it to the end.

        Raises:
            KeyError: There is no such row.
        """
        self._store(identity, {**self._rows[identity], **fields})
        if reorder:
            self._ids.remove(identity)
            self._ids.append(identity)

    def _store(self, identity: int, row: Row) -> None:
        self._rows[identity] = row
        self._bytes[identity] = self._encoder.encode(row)
        self.version += 1
