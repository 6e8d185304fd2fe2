"""One call: aiohttp, limits, retries, and what the response means."""
