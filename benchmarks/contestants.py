"""All contestants, by name, in the order of the tables."""

from contestant import Contestant
from extractors import EXTRACTORS
from floors import FLOORS
from loops import LOOPS
from ours import OURS

CONTESTANTS: dict[str, Contestant] = {
    each.name: each for each in (*OURS, *LOOPS, *EXTRACTORS, *FLOORS)
}
