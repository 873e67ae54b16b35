"""localstripe on this machine alone: serves until it is ended, and prints where as one JSON object."""

import json
import logging
import socket

from aiohttp import web
from localstripe import resources, server

# What it knows is this test's: it is not kept.
type(resources.store).dump_to_disk = lambda self: None

# It says there what became of its webhooks.
logging.basicConfig(level=logging.INFO)

listener = socket.create_server(("127.0.0.1", 0))
print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
web.run_app(server.app, sock=listener, print=None, access_log=None)
