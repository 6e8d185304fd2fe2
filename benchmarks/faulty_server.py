"""A FakeIntervals in a process of its own, whose responses fail at random.

It prints its URL and token as one line of JSON. Then it reads commands, and prints one line of JSON
for each: ``heal`` ends the faults, and ``titles`` returns the titles of all notes. It stops when
the standard input ends.
"""

import asyncio
import json
import random
import sys

from intervals_async.testing import FakeIntervals, SeenRequest, faults

FAULTS = [
    faults.DropBefore(),
    faults.DropAfter(),
    faults.DropInBody(),
    faults.SlowBody(chunk=64),
    faults.Status(500, code=19),
    faults.Status(500),
    faults.Status(503),
    faults.Status(503, code=4),
    faults.Html(502),
    faults.Html(502, processed=True),
    faults.Html(504),
    faults.TooFast(),
    faults.TooFast("0", status=429),
    faults.Truncated(),
    faults.EmptyBody(),
    faults.WrongContentType("text/plain"),
    faults.DuplicateKeys(),
    faults.ErrorInside200(),
    faults.Raw(b"<html>hello</html>", content_type="text/html"),
    faults.Huge(5 * 2**20),
]


async def main(seed: int, share: float) -> None:
    """Serve until the standard input ends."""
    chance = random.Random(seed)
    async with FakeIntervals(notes=200, seed=1, per_minute=None, per_day=None) as fake:

        def misbehave(server: FakeIntervals, _: SeenRequest) -> None:
            if chance.random() < share:
                server.inject(chance.choice(FAULTS))
            if server.requests % 1000 == 0:
                server.clear_log()

        stop = fake.between(misbehave)
        reply: object = {"url": fake.url, "token": fake.token}
        while True:
            print(json.dumps(reply), flush=True)
            line = await asyncio.to_thread(sys.stdin.readline)
            match line.strip():
                case "heal":
                    stop()
                    fake.heal()
                    reply = None
                case "titles":
                    reply = [row["title"] for row in fake.rows("projectnote")]
                case _:
                    return


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
