"""Connections over HTTP: kept for the next question, straight or through the environment's proxies, over TLS or not."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlencode, urlunsplit

import urllib3
from urllib3.exceptions import InsecureRequestWarning

from spybuild.images.registry.answers import Answer

_MOST_IDLE = 32
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Connections:
    """Sends single requests. Methods may be called from several threads at once."""

    def __init__(self, *, insecure: bool, connect_seconds: float, read_seconds: float) -> None:
        """Connect to nobody yet.

        Args:
            insecure: whether certificates are believed unproven.
            connect_seconds: how long to wait for a connection.
            read_seconds: how long to wait for the next bytes.
        """
        self._insecure = insecure
        self._timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
        self._pools: dict[tuple[str, bool], urllib3.PoolManager] = {}
        self._lock = threading.Lock()
        if insecure:
            urllib3.disable_warnings(InsecureRequestWarning)

    def send(
        self, method: str, parts: SplitResult, headers: Mapping[str, str], data: Any, *, is_direct: bool
    ) -> Answer:
        """The answer to one request, no redirect followed; its body is yet to be read.

        Args:
            method: of HTTP.
            parts: the address; a login in it is left out.
            headers: all but those that the body needs.
            data: a form, bytes, what can be read and has a length, or None.
            is_direct: whether no proxy is asked.

        Raises:
            HTTPError, OSError: there is no answer.
            ValueError: the address, or a header, is none.
        """
        url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        proxy = "" if is_direct else _proxy_for(url)
        body, described = _described(data)
        response = self._pool(proxy, is_tls=parts.scheme == "https").urlopen(
            method,
            url,
            headers={**described, **headers},
            body=body,
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
            timeout=self._timeout,
        )
        return Answer(method, url, response.status, response.headers, response)

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.clear()

    def _pool(self, proxy: str, *, is_tls: bool) -> urllib3.PoolManager:
        with self._lock:
            if (proxy, is_tls) not in self._pools:
                self._pools[proxy, is_tls] = self._made_pool(proxy, is_tls=is_tls)
            return self._pools[proxy, is_tls]

    def _made_pool(self, proxy: str, *, is_tls: bool) -> urllib3.PoolManager:
        checks = self._checks() if is_tls or proxy.startswith("https:") else {}
        if not proxy:
            return urllib3.PoolManager(maxsize=_MOST_IDLE, **checks)
        login = urllib3.util.parse_url(proxy).auth
        headers = urllib3.make_headers(proxy_basic_auth=unquote(login)) if login else None
        return urllib3.ProxyManager(proxy, maxsize=_MOST_IDLE, proxy_headers=headers, **checks)

    def _checks(self) -> dict[str, Any]:
        """Whose certificates are believed, in urllib3's words."""
        if self._insecure:
            return {"cert_reqs": "CERT_NONE", "assert_hostname": False}
        bundle = next((value for name in _CERTIFICATES if (value := os.environ.get(name))), "")
        if not bundle:
            import certifi

            bundle = certifi.where()
        return {"cert_reqs": "CERT_REQUIRED", "ca_cert_dir" if Path(bundle).is_dir() else "ca_certs": bundle}


def _described(data: Any) -> tuple[Any, dict[str, str]]:
    """What is sent, and the headers that it needs."""
    if data is None or isinstance(data, bytes):
        return data, {}
    if isinstance(data, Mapping):
        return urlencode(data).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    return data, {"Content-Length": str(len(data))}


def _proxy_for(url: str) -> str:
    """The proxy that the environment names for an address; empty where none is to be asked."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return ""
    from requests.utils import get_environ_proxies, select_proxy  # slow to load; knows NO_PROXY in all its forms

    found = select_proxy(url, get_environ_proxies(url)) or ""
    return f"http://{found}" if found and "://" not in found else found
