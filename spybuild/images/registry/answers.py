"""An answer to one request over HTTP: its head, and its body as it arrives."""

from collections.abc import Mapping
from dataclasses import dataclass

from urllib3 import BaseHTTPResponse


@dataclass(frozen=True)
class Answer:
    """An answer; whoever got it reads its body to the end, or closes it.

    Attributes:
        method: of the request.
        url: that was asked, redirects followed.
        status_code: of HTTP.
        headers: by their names in any spelling.
    """

    method: str
    url: str
    status_code: int
    headers: Mapping[str, str]
    _body: BaseHTTPResponse

    def read1(self, most: int) -> bytes:
        """The next bytes of the body as they were sent, no encoding undone; none at its end.

        Raises:
            HTTPError, OSError: the connection broke, or took too long.
        """
        return self._body.read1(most, decode_content=False)

    def close(self) -> None:
        """Leave the rest unread. The connection is kept for the next request if there is no rest."""
        if self._body.length_remaining == 0:
            self._body.drain_conn()
        self._body.close()
        self._body.release_conn()
