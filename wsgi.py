"""For any WSGI server: ``wsgi:app`` serves what the environment names. ``pledge serve`` is the usual way."""

from pledge.app import create_app

app = create_app()
