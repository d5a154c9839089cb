"""``pledge nginx``: a configuration of nginx for this site, from its settings, on standard output.

What nginx keeps are answers that are the same for everybody. Bodies of requests go on as they arrive and never to a
file: a tip sent without scripts is plaintext inside TLS. Nothing of a visit is logged.
"""

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from pledge.config import Config, ConfigError

_CERTIFICATES: Final = "/etc/letsencrypt/live"
_CACHE: Final = Path("/var/cache/nginx/pledge")
_PLAIN: Final = re.compile(r"[0-9A-Za-z/._-]+")

_SITE: Final = """\
# nginx before a pledge site; belongs inside `http`, as a file in /etc/nginx/conf.d or sites-enabled does.

proxy_cache_path {cache} levels=1:2 use_temp_path=off keys_zone=pledge:8m max_size=256m inactive=10m;
# Those who ask for mail, each by address, in memory only. One visitor must not use up everybody's mails of the hour.
map $request_method $pledge_sender {{
    POST $binary_remote_addr;
    default "";
}}
limit_req_zone $pledge_sender zone=pledge_mails:1m rate=6r/m;

upstream pledge {{
    server {upstream};
    keepalive 32;
}}
{redirect}
server {{
{listen}
    # No address is kept: pages promise that. Lower levels than crit would name some.
    access_log off;
    error_log /var/log/nginx/error.log crit;

    # Bodies go on as they arrive, and neither they nor answers ever lie in a file.
    proxy_request_buffering off;
    proxy_max_temp_file_size 0;
    client_max_body_size 600m;  # the largest tip has 512 MiB inside
    client_body_timeout 60s;
    keepalive_requests 10000;

    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Connection "";
    proxy_set_header X-Forwarded-For "";

    # Only where a page says nothing that one person is to know: compressed lengths tell of what is inside.
    gzip_types application/atom+xml application/json image/svg+xml text/css text/csv text/javascript text/plain;
    gzip_min_length 1000;
    gzip_vary on;

    # Badges, cards and their frames: asked for five seconds apart, however many want them, and without any cookie.
    # Browsers and other sites are told what the site says. While it starts anew, the last ones go on.
    location ~ ^/(badge|card|embed)/ {{
        gzip on;
        proxy_set_header Host $http_host;
        proxy_set_header Connection "";
        proxy_set_header X-Forwarded-For "";
        proxy_set_header Cookie "";
        proxy_cache pledge;
        proxy_cache_lock on;
        proxy_cache_use_stale error timeout http_502 http_503 http_504;
        proxy_ignore_headers Cache-Control Expires;
        proxy_cache_valid 200 5s;
        open_file_cache max=1000 inactive=20s;
        open_file_cache_valid 5s;
        sendfile off;  # they are small
        proxy_pass http://pledge;
    }}

    location / {{
        proxy_pass http://pledge;
    }}
    location ~ ^/(sign|change|follow)$ {{
        limit_req zone=pledge_mails burst=6 nodelay;
        limit_req_status 429;
        proxy_pass http://pledge;
    }}
    location ~ ^/$|^/(api|feeds|labs|pledges|signatories)(/|$) {{
        gzip on;
        proxy_pass http://pledge;
    }}

    # What never changes under its address is kept for as long as the site says.
    location ~ ^/(static|log/tile)/ {{
        gzip on;
        proxy_cache pledge;
        proxy_cache_lock on;
        proxy_pass http://pledge;
    }}
}}
"""
_REDIRECT: Final = """\

server {{
    listen 80;
    listen [::]:80;
    server_name {host};
    access_log off;
    error_log /var/log/nginx/error.log crit;
    return 308 https://{host}$request_uri;
}}
"""
_TLS: Final = """\
    listen {port} ssl http2;
    listen [::]:{port} ssl http2;
    server_name {host};
    ssl_certificate {certificate}/fullchain.pem;
    ssl_certificate_key {certificate}/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
"""
_CLEAR: Final = """\
    listen {host}:{port};
    server_name {host};
"""


@click.command()
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    help=f"Directory with fullchain.pem and privkey.pem.  [default: of the site's name in {_CERTIFICATES}]",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    default=_CACHE,
    show_default=True,
    help="Where badges and files that are the same for everybody are kept.",
)
def nginx(certificate: Path | None, cache: Path) -> None:
    """Write a configuration of nginx for this site on standard output, from PLEDGE_URL, PLEDGE_HOST and PLEDGE_PORT."""
    click.echo(
        write_site(Config.from_environment(os.environ), certificate=certificate, cache=cache), nl=False
    )


def write_site(config: Config, *, certificate: Path | None = None, cache: Path = _CACHE) -> str:
    """Give the configuration as text.

    Args:
        config: The site's.
        certificate: Directory with ``fullchain.pem`` and ``privkey.pem``; by default where certbot has it.
        cache: Directory that nginx makes and fills.

    Raises:
        ConfigError: A path has characters that nginx would take for something else.
    """
    parts = urlsplit(config.url)
    host = parts.hostname or ""
    certificate = certificate or Path(_CERTIFICATES) / host
    for path in (certificate, cache, *([config.socket] if config.socket else [])):
        if not path.is_absolute() or not _PLAIN.fullmatch(str(path)):
            raise ConfigError(f"{path}: give a whole path of letters, digits, dots, hyphens and underscores")
    is_usual = (parts.port or 443) == 443  # noqa: PLR2004  # of https
    listen = _TLS if config.is_https else _CLEAR
    return _SITE.format(
        cache=cache,
        upstream=f"unix:{config.socket}" if config.socket else f"{config.host}:{config.port}",
        redirect=_REDIRECT.format(host=host) if config.is_https and is_usual else "",
        listen=listen.format(
            host=host, port=parts.port or (443 if config.is_https else 80), certificate=certificate
        ),
    )
