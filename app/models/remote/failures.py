"""What can go wrong between Quire and the server of a remote model, as sentences.

A server's own words are shown where they help, shortened and without the key, which some servers
repeat.
"""

import email.utils
import json
import ssl
import time
from collections.abc import Mapping

import httpx

from quire.errors import ModelBusy, ModelError, ModelNotFound, ModelUnreachable, ModelUnusable
from quire.models.remote.access import KEY_VARIABLE, Server
from quire.models.remote.events import error_text

_SHOWN = 200  # characters of what a server says


class Failures:
    """Makes the errors about one server; `key` is what must not be shown."""

    def __init__(self, server: Server, *, key: str) -> None:
        self.server = server
        self._key = key

    def said(self, text: str) -> str:
        """A server's words, fit to be shown in a sentence."""
        if self._key:
            text = text.replace(self._key, "…")
        flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return flat[:_SHOWN].rstrip(" .")

    def status(
        self, status: int, headers: Mapping[str, str], body: bytes, *, model: str
    ) -> ModelError:
        """The error for an answer with another status than 200."""
        host = self.server.host
        words = self.said(_error_in(body))
        because = f": {words}" if words else ""
        if 300 <= status < 400:
            target = self.said(headers.get("location", "")) or "nowhere"
            return ModelUnusable(
                f"The server at {host} redirects to {target}, which is refused ({status}).",
                hint="What is asked goes to the server that was named and to no other. If you "
                "trust that one, name it as remote_url.",
            )
        if status in (401, 403):
            what = "refuses the key" if self._key else "asks for a key"
            return ModelUnusable(
                f"The server at {host} {what} ({status}){because}.",
                hint=f"Give the right key in {KEY_VARIABLE} or in the file that remote_key_file "
                "names.",
            )
        if status == 404 and "model" in words.lower():
            return ModelNotFound(
                f"The server at {host} has no model {model!r} for this key ({status}){because}.",
                hint="Name one that it has as remote_model.",
            )
        if status in (404, 405, 501):  # the last by web servers that know of no questions
            return ModelUnusable(
                f"The server at {host} has no chat route at {self.server.url}/chat/completions "
                f"({status}){because}.",
                hint="Check remote_url; with most servers it ends in /v1.",
            )
        if status in (429, 503):
            return ModelBusy(
                f"The server at {host} is busy ({status}){because}.",
                hint=_again(headers.get("retry-after", "")),
            )
        if status >= 500:
            return ModelUnreachable(
                f"The server at {host} failed ({status}){because}.",
                hint="Try again; if it goes on, look at that server's log.",
            )
        return ModelError(
            f"The server at {host} refuses the request ({status}){because}.",
            hint="Check remote_model and remote_options, and ask with a shorter context.",
        )

    def not_a_model(self, media_type: str) -> ModelError:
        what = "a web page" if media_type == "text/html" else self.said(media_type) or "something"
        return ModelUnusable(
            f"The server at {self.server.host} answers with {what}, not with a reply.",
            hint="Check remote_url; with most servers it ends in /v1.",
        )

    def garbled(self, why: str) -> ModelError:
        return ModelUnreachable(
            f"The server at {self.server.host} {self.said(why)}.",
            hint="Try again; if it goes on, check remote_url and the key, and look at that "
            "server's log.",
        )

    def broke_off(self) -> ModelError:
        return ModelUnreachable(
            f"The server at {self.server.host} broke off in the middle of the reply.",
            hint="Try again; if it goes on, look at that server's log.",
        )

    def silent(self, seconds: float) -> ModelError:
        return ModelUnreachable(
            f"The server at {self.server.host} said nothing for {seconds:.0f} seconds.",
            hint="Check that it runs; for a slow one, set remote_timeout higher.",
        )

    def endless(self, seconds: float) -> ModelError:
        return ModelUnreachable(
            f"The server at {self.server.host} did not come to the end of its reply in "
            f"{seconds:.0f} seconds.",
            hint="Turn its thinking off with remote_options (docs/remote.md), or choose a quicker "
            "model.",
        )

    def transport(self, error: Exception) -> ModelError:
        """The error for a connection that could not be made or was lost."""
        host = self.server.host
        reasons = [str(each) for each in _chain(error) if str(each)]
        if any(isinstance(each, ssl.SSLError) for each in _chain(error)):
            return ModelUnreachable(
                f"The connection to {host} cannot be made secure: {self.said(_tls(reasons))}.",
                hint="Check the address: http:// instead of https:// for a server without "
                "encryption. For one with an authority of your own, name that authority's file in "
                "SSL_CERT_FILE.",
            )
        if isinstance(error, httpx.ProxyError):
            return ModelUnreachable(
                f"The proxy on the way to {host} refuses: {self.said(reasons[0])}.",
                hint="Correct remote_proxy.",
            )
        if isinstance(error, (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)):
            return self.broke_off()
        if isinstance(error, httpx.ConnectTimeout):
            reasons = ["it takes too long to connect"]
        return ModelUnreachable(
            f"The server at {host} cannot be reached: "
            f"{self.said(reasons[0] if reasons else type(error).__name__)}.",
            hint="Check remote_url, and that the server runs.",
        )


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and len(found) < 10:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _tls(reasons: list[str]) -> str:
    """The reason of an SSL error, without the place in OpenSSL's source."""
    text = next((r for r in reasons if "SSL" in r or "certificate" in r), reasons[0])
    return text.rpartition("] ")[2].partition(" (_ssl.c")[0]


def _error_in(body: bytes) -> str:
    try:
        return error_text(json.loads(body))
    except (ValueError, RecursionError):
        return ""


def _again(retry_after: str) -> str:
    """When to try again, from a header that holds seconds or a date.

    >>> _again("20"), _again("Fri, 31 Dec 1999 23:59:59 GMT"), _again("soon")
    ('Try again in 20 seconds.', 'Try again in a minute.', 'Try again in a minute.')
    """
    seconds = 0.0
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 7:
        seconds = float(retry_after)
    elif retry_after:
        try:
            seconds = email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time()
        except (ValueError, OverflowError):
            seconds = 0.0
    return f"Try again in {seconds:.0f} seconds." if seconds >= 1 else "Try again in a minute."
