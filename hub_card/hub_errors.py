"""One sentence for each way in which the Hub can refuse, saying what to do."""

import re
from json import JSONDecodeError

from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
)

from phosphot5.errors import PhosphoT5Error

__all__ = ["CLIENT_ERRORS", "OFFLINE", "explain"]

CLIENT_ERRORS = (HTTPError, OSError, RuntimeError, ValueError)
"""What the Hub's client raises: its HTTP library's errors, no connection, broken uploads, refused content."""

OFFLINE = "HF_HUB_OFFLINE is set, so nothing was sent; unset it and push again."
LOGIN = (
    "the Hub rejected the login (401); run `hf auth login` with a token with write permission, "
    "from https://huggingface.co/settings/tokens, or pass one."
)
ADVICE = {
    400: "the Hub rejected the request (400).",
    401: LOGIN,
    403: "the token may not write to this repository (403); use a token with write permission to its owner.",
    404: "the Hub does not know this repository, its owner or the revision (404); check the spelling.",
    409: "another change to this repository is under way (409); wait a minute and push again.",
    412: "somebody else committed at the same time (412); push again.",
    413: "a file is larger than the Hub accepts (413); save the model in shards.",
    429: "too many requests (429); {wait} and push again; uploaded files are kept.",
}

_XET_REFUSAL = re.compile(r"HTTP status \w+ error \((\d{3})")
"""How hf_xet, which uploads large files to the Hub itself, words a refusal: it gives nothing but this text."""


def explain(error: Exception, repo_id: str, endpoint: str, done: str = "not pushed") -> PhosphoT5Error:
    """Turn an error of the Hub's client into one message for the user.

    Parameters
    ----------
    error : Exception
        One of :data:`CLIENT_ERRORS`.
    repo_id : str
        Repository that was pushed to.
    endpoint : str
        Address of the Hub.
    done : str
        How far it came.
    """
    if isinstance(error, RuntimeError) and isinstance(error.__cause__, CLIENT_ERRORS):
        error = error.__cause__  # the client wraps what broke off the upload of a file
    return PhosphoT5Error(f"{repo_id}: {done}: {_advice(error, endpoint)}")


def _advice(error: BaseException, endpoint: str) -> str:
    if isinstance(error, LocalTokenNotFoundError):
        return LOGIN
    if isinstance(error, HfHubHTTPError):
        said = " ".join((error.server_message or "").split())
        after = error.response.headers.get("Retry-After")
        return _status_advice(error.response.status_code, endpoint, after, said)
    if isinstance(error, HFValidationError):
        return f"{error} Expected a repository id of the form owner/name."
    if isinstance(error, JSONDecodeError):
        return f"the Hub has a problem (a reply from {endpoint} is cut short or not JSON); push again later."
    if isinstance(error, ValueError):
        return f"the Hub rejected the content: {error}"
    if isinstance(error, RuntimeError):
        return f"the upload broke off ({error}); push again; uploaded files are kept."
    if isinstance(error, OfflineModeIsEnabled):
        return OFFLINE
    if isinstance(error, OSError) and error.filename is not None:
        return f"cannot read {error.filename} ({error.strerror}); make the folder readable and push again."
    reason = str(error) or type(error).__name__
    if refused := _XET_REFUSAL.search(reason):
        return _status_advice(int(refused[1]), endpoint)
    if isinstance(error, PermissionError):
        return LOGIN  # as hf_xet says it
    return (
        f"no connection to {endpoint}, or connection lost ({reason}); check the network, the proxy and "
        "HF_ENDPOINT, then push again; uploaded files are kept."
    )


def _status_advice(status: int, endpoint: str, after: str | None = None, said: str = "") -> str:
    if status >= 500:
        return f"the Hub has a problem ({status} from {endpoint}); push again later."
    wait = f"wait {after} seconds" if after else "wait some minutes"
    advice = ADVICE.get(status, f"the Hub answered {status}.").format(wait=wait)
    return f"{advice} The Hub says: {said}" if said else advice
