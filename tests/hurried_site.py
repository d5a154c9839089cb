"""A site that gives the body of a request one second: ``python -m tests.hurried_site``."""

import os

from flask import Flask

from pledge import serve
from pledge.config import Config


def build() -> Flask:
    """The application of a worker."""
    return serve.build(body_seconds=1)


if __name__ == "__main__":
    serve.serve(Config.from_environment(os.environ), app="tests.hurried_site:build")
