"""``python -m intervals_async.cli``."""

from . import main

main()
