"""personcontact: the phone numbers, e-mail addresses, postal addresses and web sites of a person.

Requests use ``contacttypeid`` and ``contactdescriptorid``, while responses use ``contact_type_id``
and ``contact_descriptor_id``. The resource has no offset and no limit: one response contains all
records. Its listcount is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator

from intervals_async.testing._fake import parsing, refusals
from intervals_async.testing._fake.account import Account, Sizes
from intervals_async.testing._fake.contract import BodyField, Write
from intervals_async.testing._fake.derive import derive
from intervals_async.testing._fake.filters import one_id
from intervals_async.testing._fake.wire import Row, id_of


def _generate(account: Account, sizes: Sizes) -> Iterator[Row]:
    rng = sizes.rng("personcontact")
    descriptors = list(account.table("contactdescriptor"))
    for person in account.table("person"):
        identity = id_of(person)
        samples = (
            f'"{person["firstname"]}" <person{identity}@example.org>',
            f"+1 (555) {identity:07}",
            '1 O\'Hare & Sons Street\nSuite "B", 94100 Zürich',
            f"https://example.org/?id={identity}&lang=en",
        )
        for kind in range(rng.randint(1, 4)):
            fitting = [row for row in descriptors if row["contacttypeid"] == kind + 1]
            yield {
                "personid": identity,
                "contact_type_id": kind + 1,
                "contact_descriptor_id": rng.choice(fitting)["id"],
                "value": samples[kind],
            }


def _complete(account: Account, row: Row, caller: int) -> None:
    row.setdefault("personid", caller)
    descriptor = next(iter(account.table("contactdescriptor")))
    row.setdefault("contact_type_id", descriptor["contacttypeid"])
    row.setdefault("contact_descriptor_id", descriptor["id"])
    row.setdefault("value", f"contact {row['id']}")


def _check(account: Account, write: Write) -> None:
    row, old = write.row, write.old
    descriptor = account.related("contactdescriptor", row["contact_descriptor_id"])
    if descriptor.get("contacttypeid") != row["contact_type_id"]:
        raise refusals.not_valid([("contactdescriptorid", str(row["contact_descriptor_id"]))])
    owners = {row["personid"], old["personid"] if old else row["personid"]}
    if owners != {write.caller}:
        _require_administrator(account, write.caller)


def _removable(account: Account, row: Row, caller: int) -> None:
    if row["personid"] != caller:
        _require_administrator(account, caller)


def _require_administrator(account: Account, caller: int) -> None:
    if account.related("person", caller)["group"] != "Administrator":
        raise refusals.no_permission()


RESOURCE = derive(
    "personcontact",
    filters=[
        one_id("contacttypeid", "contact_type_id"),
        one_id("contactdescriptorid", "contact_descriptor_id"),
    ],
    body_fields=[
        BodyField("contacttypeid", parsing.body_integer, "contact_type_id", required=True),
        BodyField(
            "contactdescriptorid", parsing.body_integer, "contact_descriptor_id", required=True
        ),
    ],
    first_id=5001,
    generate=_generate,
    complete=_complete,
    check=_check,
    removable=_removable,
)
