"""``python -m intervals_async._cli``."""

from . import main

main()
