"""`uvicorn aia.main:app`: the ASGI application of the environment's settings; nothing is opened yet."""

from functools import partial

from aia.api.server import create_api
from aia.app import open_to_stay
from aia.config import load_settings

settings = load_settings()
app = create_api(settings, partial(open_to_stay, settings))
