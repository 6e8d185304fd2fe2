"""The resources as attributes of a client, imported and created when they are first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .. import resources
    from .._http.transport import Transport

__all__ = ["ResourceAttributes"]


class ResourceAttributes:
    """The attributes of `IntervalsClient` that are resources of the API."""

    _transport: Transport

    @cached_property
    def client(self) -> resources.ClientResource:
        """Companies that projects are done for."""
        from .client import ClientResource

        return ClientResource(self._transport)

    @cached_property
    def contactdescriptor(self) -> resources.ContactDescriptorResource:
        """Labels of contact details."""
        from .contactdescriptor import ContactDescriptorResource

        return ContactDescriptorResource(self._transport)

    @cached_property
    def contacttype(self) -> resources.ContactTypeResource:
        """Kinds of contact details."""
        from .contacttype import ContactTypeResource

        return ContactTypeResource(self._transport)

    @cached_property
    def document(self) -> resources.DocumentResource:
        """Files."""
        from .document import DocumentResource

        return DocumentResource(self._transport)

    @cached_property
    def expense(self) -> resources.ExpenseResource:
        """Costs booked on projects."""
        from .expense import ExpenseResource

        return ExpenseResource(self._transport)

    @cached_property
    def group(self) -> resources.GroupResource:
        """Access levels."""
        from .group import GroupResource

        return GroupResource(self._transport)

    @cached_property
    def invoice(self) -> resources.InvoiceResource:
        """Invoices."""
        from .invoice import InvoiceResource

        return InvoiceResource(self._transport)

    @cached_property
    def invoiceitem(self) -> resources.InvoiceItemResource:
        """Lines of invoices."""
        from .invoiceitem import InvoiceItemResource

        return InvoiceItemResource(self._transport)

    @cached_property
    def invoicenote(self) -> resources.InvoiceNoteResource:
        """Notes on invoices."""
        from .invoicenote import InvoiceNoteResource

        return InvoiceNoteResource(self._transport)

    @cached_property
    def invoiceterm(self) -> resources.InvoiceTermResource:
        """Payment terms."""
        from .invoiceterm import InvoiceTermResource

        return InvoiceTermResource(self._transport)

    @cached_property
    def me(self) -> resources.MeResource:
        """The token's owner."""
        from .me import MeResource

        return MeResource(self._transport)

    @cached_property
    def milestone(self) -> resources.MilestoneResource:
        """Milestones."""
        from .milestone import MilestoneResource

        return MilestoneResource(self._transport)

    @cached_property
    def milestonenote(self) -> resources.MilestoneNoteResource:
        """Notes on milestones."""
        from .milestonenote import MilestoneNoteResource

        return MilestoneNoteResource(self._transport)

    @cached_property
    def module(self) -> resources.ModuleResource:
        """The account's modules."""
        from .module import ModuleResource

        return ModuleResource(self._transport)

    @cached_property
    def payment(self) -> resources.PaymentResource:
        """Payments."""
        from .payment import PaymentResource

        return PaymentResource(self._transport)

    @cached_property
    def paymenttype(self) -> resources.PaymentTypeResource:
        """Payment types."""
        from .paymenttype import PaymentTypeResource

        return PaymentTypeResource(self._transport)

    @cached_property
    def person(self) -> resources.PersonResource:
        """People."""
        from .person import PersonResource

        return PersonResource(self._transport)

    @cached_property
    def personcontact(self) -> resources.PersonContactResource:
        """Contact details of people."""
        from .personcontact import PersonContactResource

        return PersonContactResource(self._transport)

    @cached_property
    def project(self) -> resources.ProjectResource:
        """Projects."""
        from .project import ProjectResource

        return ProjectResource(self._transport)

    @cached_property
    def projectlabel(self) -> resources.ProjectLabelResource:
        """Labels of projects."""
        from .projectlabel import ProjectLabelResource

        return ProjectLabelResource(self._transport)

    @cached_property
    def projectmodule(self) -> resources.ProjectModuleResource:
        """Projects' modules."""
        from .projectmodule import ProjectModuleResource

        return ProjectModuleResource(self._transport)

    @cached_property
    def projectnote(self) -> resources.ProjectNoteResource:
        """Notes on projects."""
        from .projectnote import ProjectNoteResource

        return ProjectNoteResource(self._transport)

    @cached_property
    def projectteam(self) -> resources.ProjectTeamResource:
        """Who is on a project."""
        from .projectteam import ProjectTeamResource

        return ProjectTeamResource(self._transport)

    @cached_property
    def projectworktype(self) -> resources.ProjectWorkTypeResource:
        """Projects' work types."""
        from .projectworktype import ProjectWorkTypeResource

        return ProjectWorkTypeResource(self._transport)

    @cached_property
    def quota(self) -> resources.QuotaResource:
        """The daily quota of requests."""
        from .quota import QuotaResource

        return QuotaResource(self._transport)

    @cached_property
    def request(self) -> resources.RequestResource:
        """Work requests."""
        from .request import RequestResource

        return RequestResource(self._transport)

    @cached_property
    def task(self) -> resources.TaskResource:
        """Tasks."""
        from .task import TaskResource

        return TaskResource(self._transport)

    @cached_property
    def tasklistfilter(self) -> resources.TaskListFilterResource:
        """Saved filters of task lists."""
        from .tasklistfilter import TaskListFilterResource

        return TaskListFilterResource(self._transport)

    @cached_property
    def tasknote(self) -> resources.TaskNoteResource:
        """Notes on tasks."""
        from .tasknote import TaskNoteResource

        return TaskNoteResource(self._transport)

    @cached_property
    def taskpriority(self) -> resources.TaskPriorityResource:
        """Priorities of tasks."""
        from .taskpriority import TaskPriorityResource

        return TaskPriorityResource(self._transport)

    @cached_property
    def taskstatus(self) -> resources.TaskStatusResource:
        """Statuses of tasks."""
        from .taskstatus import TaskStatusResource

        return TaskStatusResource(self._transport)

    @cached_property
    def time(self) -> resources.TimeResource:
        """Time entries."""
        from .time import TimeResource

        return TimeResource(self._transport)

    @cached_property
    def timer(self) -> resources.TimerResource:
        """Timers."""
        from .timer import TimerResource

        return TimerResource(self._transport)

    @cached_property
    def worktype(self) -> resources.WorkTypeResource:
        """The account's work types."""
        from .worktype import WorkTypeResource

        return WorkTypeResource(self._transport)
