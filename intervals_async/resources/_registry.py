"""The registry of resources, and the public names that each of their modules defines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._base import Resource

__all__ = ["find", "names", "public_names", "resource_class"]

# For each resource, which has the name of its module: the names that the module defines,
# beginning with the `Resource` class.
# fmt: off
RESOURCES: dict[str, tuple[str, ...]] = {
    "client": ("ClientResource", "Client", "ClientCreate", "ClientFilters", "ClientUpdate"),
    "contactdescriptor": ("ContactDescriptorResource", "ContactDescriptor", "ContactDescriptorFilters"),
    "contacttype": ("ContactTypeResource", "ContactType"),
    "document": ("DocumentResource", "Document", "DocumentFilters", "DocumentVersion"),
    "expense": ("ExpenseResource", "Expense", "ExpenseCreate", "ExpenseFilters", "ExpenseUpdate"),
    "group": ("GroupResource", "Group"),
    "invoice": ("InvoiceResource", "Invoice", "InvoiceCreate", "InvoiceFilters", "InvoiceUpdate"),
    "invoiceitem": ("InvoiceItemResource", "InvoiceItem", "InvoiceItemCreate", "InvoiceItemFilters", "InvoiceItemUpdate"),
    "invoicenote": ("InvoiceNoteResource", "InvoiceNote", "InvoiceNoteCreate", "InvoiceNoteFilters", "InvoiceNoteUpdate"),
    "invoiceterm": ("InvoiceTermResource", "InvoiceTerm"),
    "me": ("MeResource", "Me"),
    "milestone": ("MilestoneResource", "Milestone", "MilestoneCreate", "MilestoneFilters", "MilestoneUpdate"),
    "milestonenote": ("MilestoneNoteResource", "MilestoneNote", "MilestoneNoteCreate", "MilestoneNoteFilters", "MilestoneNoteUpdate"),
    "module": ("ModuleResource", "Module", "ModuleFilters"),
    "payment": ("PaymentResource", "Payment", "PaymentCreate", "PaymentFilters", "PaymentUpdate"),
    "paymenttype": ("PaymentTypeResource", "PaymentType"),
    "person": ("PersonResource", "Person", "PersonCreate", "PersonFilters", "PersonUpdate"),
    "personcontact": ("PersonContactResource", "PersonContact", "PersonContactCreate", "PersonContactFilters", "PersonContactUpdate"),
    "project": ("ProjectResource", "Project", "ProjectCreate", "ProjectFilters", "ProjectManager", "ProjectUpdate"),
    "projectlabel": ("ProjectLabelResource", "ProjectLabel", "ProjectLabelFilters"),
    "projectmodule": ("ProjectModuleResource", "ProjectModule", "ProjectModuleCreate", "ProjectModuleFilters", "ProjectModuleUpdate"),
    "projectnote": ("ProjectNoteResource", "ProjectNote", "ProjectNoteCreate", "ProjectNoteFilters", "ProjectNoteUpdate"),
    "projectteam": ("ProjectTeamResource", "ProjectTeam", "ProjectTeamFilters"),
    "projectworktype": ("ProjectWorkTypeResource", "ProjectWorkType", "ProjectWorkTypeCreate", "ProjectWorkTypeFilters", "ProjectWorkTypeUpdate"),
    "quota": ("QuotaResource", "Quota"),
    "request": ("RequestResource", "Request", "RequestCreate", "RequestFilters", "RequestUpdate"),
    "task": ("TaskResource", "Task", "TaskAssignee", "TaskCreate", "TaskFilters", "TaskFollower", "TaskOwner", "TaskUpdate"),
    "tasklistfilter": ("TaskListFilterResource", "TaskListFilter"),
    "tasknote": ("TaskNoteResource", "TaskNote", "TaskNoteCreate", "TaskNoteFilters", "TaskNoteUpdate"),
    "taskpriority": ("TaskPriorityResource", "TaskPriority", "TaskPriorityFilters"),
    "taskstatus": ("TaskStatusResource", "TaskStatus", "TaskStatusFilters"),
    "time": ("TimeResource", "Time", "TimeCreate", "TimeFilters", "TimeUpdate"),
    "timer": ("TimerResource", "Timer", "TimerCreate", "TimerFilters", "TimerUpdate"),
    "worktype": ("WorkTypeResource", "WorkType", "WorkTypeFilters"),
}
# fmt: on

# Public names that are defined elsewhere.
COMMON: Mapping[str, str] = {
    "AnyResource": "._any",
    "Parameter": ".._schema.parameters",
    "Resource": "._base",
    "descriptions": ".._schema.descriptions",
    "parameters": ".._schema.parameters",
}


def names() -> Sequence[str]:
    """List the names of all resources, in alphabetical order.

    .. versionadded:: 0.2.0
    """
    return tuple(RESOURCES)


def resource_class(name: str) -> type[Resource[Any]]:
    """Return the class of a resource, by its name in the API.

    Raises:
        LookupError: There is no such resource.

    .. versionadded:: 0.2.0
    """
    if name not in RESOURCES:
        raise LookupError(
            f"name: expected a resource of the API, got {name!r}; the API has {', '.join(RESOURCES)}"
        )
    found: type[Resource[Any]] = find(RESOURCES[name][0])
    return found


def find(name: str) -> Any:
    """Return the object with a public name, and import its module if necessary.

    Raises:
        AttributeError: There is no such name.
    """
    owners = (f".{module}" for module, defined in RESOURCES.items() if name in defined)
    owner = COMMON.get(name) or next(owners, None)
    if owner is None:
        raise AttributeError(f"module {__package__!r} has no attribute {name!r}")
    return getattr(import_module(owner, __package__), name)


def public_names() -> Sequence[str]:
    """List the names that `find` accepts. Nothing is imported."""
    return [*COMMON, *(name for defined in RESOURCES.values() for name in defined)]
