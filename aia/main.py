"""`uvicorn aia.main:app`: the ASGI application of the environment's settings; nothing is opened yet."""

from functools import partial

from aia.api.server import create_api
from aia.app import open_app
from aia.config import load_settings

settings = load_settings()
app = create_api(settings, partial(open_app, settings))
