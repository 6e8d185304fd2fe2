"""The resources of the API, one module each: its record, filters, settable fields and methods."""

from ._base import Resource
from .contactdescriptor import (
    ContactDescriptor,
    ContactDescriptorFilters,
    ContactDescriptorResource,
)
from .contacttype import ContactType, ContactTypeResource
from .me import Me, MeResource
from .person import Person, PersonFilters, PersonResource
from .personcontact import (
    PersonContact,
    PersonContactCreate,
    PersonContactFilters,
    PersonContactResource,
    PersonContactUpdate,
)
from .project import Project, ProjectFilters, ProjectResource
from .projectnote import (
    ProjectNote,
    ProjectNoteCreate,
    ProjectNoteFilters,
    ProjectNoteResource,
    ProjectNoteUpdate,
)
from .quota import Quota, QuotaResource

__all__ = [
    "ContactDescriptor",
    "ContactDescriptorFilters",
    "ContactDescriptorResource",
    "ContactType",
    "ContactTypeResource",
    "Me",
    "MeResource",
    "Person",
    "PersonContact",
    "PersonContactCreate",
    "PersonContactFilters",
    "PersonContactResource",
    "PersonContactUpdate",
    "PersonFilters",
    "PersonResource",
    "Project",
    "ProjectFilters",
    "ProjectNote",
    "ProjectNoteCreate",
    "ProjectNoteFilters",
    "ProjectNoteResource",
    "ProjectNoteUpdate",
    "ProjectResource",
    "Quota",
    "QuotaResource",
    "Resource",
]
