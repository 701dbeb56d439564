"""Settings: what can be chosen, with each default beside its unit and its reason.

A `Settings` object is inert: making it reads the environment (`QUIRE_*`) and a TOML file and
touches nothing else. `knowledge_base.py` turns settings into live objects.

Precedence: arguments, then environment, then `config.toml` in the platform's configuration folder
(or the file that `QUIRE_CONFIG` names), then the defaults below.

`put_settings` changes settings in that file and leaves all else in it as it is. The new text is
read back before it is written: it must say the same as the old one but for those settings. Where it
does not, as in a file with tables of its own making, the file stays untouched and the user is told
what to write.
"""

import contextlib
import json
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as NotParsed

from quire.errors import SettingsError

_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_CONTEXT_TOKENS = 8192  # of a model in this process, unless set
_VALUE = r"""(?:"(?:[^"\\\r\n]|\\.)*"|'[^'\r\n]*'|[^\s#"']+)"""


def config_path() -> Path:
    """Where the settings file is looked for; it need not exist."""
    named = os.environ.get("QUIRE_CONFIG")
    return Path(named) if named else Path(platformdirs.user_config_dir("quire")) / "config.toml"


_Folder = Annotated[Path, AfterValidator(Path.expanduser)]


class Settings(BaseSettings):
    """Everything a user can set. Field names in upper case, after `QUIRE_`, name the variables."""

    model_config = SettingsConfigDict(env_prefix="QUIRE_", frozen=True, extra="forbid")

    kb: _Folder = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("quire")) / "default",
        description="Folder of the knowledge base.",
    )
    models: _Folder = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("quire")) / "models",
        description="Folder of downloaded models.",
    )
    cache: _Folder = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("quire")),
        description="Folder of what was measured on this machine; may be deleted.",
    )
    embedder: str = Field(
        "starter",
        description="Embedding model: 'starter', a name from `quire models list`, or the folder of "
        "a sentence-transformers model.",
    )
    reranker: str = Field(
        "none",
        description="Cross-encoder that reads the 20 best chunks again: the folder of one, or "
        "'none'. It takes about as long for each as embedding it.",
    )
    entailment: str = Field(
        "starter",
        description="Model that checks statements in other words than the documents': 'starter', a "
        "name from `quire models list`, the folder of a classifier for natural language inference, "
        "or 'none' for rules alone.",
    )
    model: str = Field(
        "starter",
        description="Chat model: 'starter', a name from `quire models list`, the path of a GGUF "
        "file, 'remote', or 'none' for quotes only.",
    )
    remote_url: str = Field(
        "",
        description="Server of the model 'remote': the address of its OpenAI-compatible routes, "
        "such as http://127.0.0.1:8080/v1.",
    )
    remote_model: str = Field(
        "", description="The model's name on that server; unset, the only one that it has."
    )
    remote_key_file: _Folder = Field(
        default_factory=lambda: config_path().parent / "remote.key",
        description="File with the key for that server, for you alone to read; a key in "
        "QUIRE_REMOTE_KEY comes first.",
    )
    remote_timeout: float = Field(
        120.0,
        ge=1,
        le=3600,
        description="Seconds without a word from that server after which a reply is given up. It "
        "may have to read a long prompt first.",
    )
    remote_proxy: str = Field(
        "", description="Proxy on the way to that server; those of the environment are not used."
    )
    remote_options: dict[str, Any] = Field(
        {},
        description="More to ask of that server with each request, such as "
        "{enable_thinking = false}.",
    )
    remote_thinks: bool | None = Field(
        None,
        description="Whether that model's replies begin inside a thought, to be held back; unset, "
        "its name and its replies tell.",
    )
    remote_pictures: bool = Field(
        False,
        description="Whether that model takes pictures, so that it can be shown pages "
        "(docs/reading.md); servers do not tell.",
    )
    context_tokens: int | None = Field(
        None,
        ge=512,
        le=1_048_576,
        description="Context window in tokens: at most that, and fewer where the free memory does "
        "not hold it; unset, 8192, or on a server what it tells, up to 16384, else 4096. 8192 "
        "holds twelve passages and a long answer.",
    )
    answer_tokens: int | None = Field(
        None,
        ge=16,
        le=8192,
        description="Longest answer in tokens; unset, by the model: 256 for a small one, 1,024 for "
        "one that writes lists and tables.",
    )
    passages: int | None = Field(
        None,
        ge=1,
        le=50,
        description="Passages considered for an answer; unset, by the model: 6 for a small one, 12 "
        "for a large one.",
    )
    patience: float = Field(
        15.0,
        gt=0,
        le=600,
        description="Seconds to wait for the first word of an answer: a model is given as much to "
        "read as it reads in that time on this machine.",
    )
    strictness: Literal["marked", "strict"] | None = Field(
        None,
        description="What of a model's reply is shown: 'marked', every statement with what was "
        "found of it in the sources, or 'strict', only those found there; unset, marked for a "
        "capable model and strict for a small one.",
    )
    agent_calls: int = Field(
        12,
        ge=1,
        le=100,
        description="Calls that a model may make which looks things up by itself (docs/agent.md).",
    )
    agent_seconds: float = Field(
        300.0,
        gt=0,
        le=3600,
        description="Seconds that such a model may take; after two thirds of them it is to answer.",
    )
    max_risk: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Share of wrong answers borne among those shown, such as 0.25; unset, "
        "about a ninth of the answerable questions is refused.",
    )
    folders: tuple[_Folder, ...] = Field(
        (),
        description="Folders below which the path field in the browser may read; none for your "
        "home. Hidden folders are left out.",
    )
    ocr: bool = Field(
        True,
        description="Whether pages that are pictures of text are read by OCR, which takes some "
        "seconds for each.",
    )
    threads: int = Field(
        0, ge=0, le=1024, description="Threads for the models; 0 takes the physical cores."
    )
    prompts: _Folder = Field(
        default_factory=lambda: Path(platformdirs.user_config_dir("quire")) / "prompts",
        description="Folder of your own prompts, in place of those of the same name.",
    )
    language: Literal["en", "zh"] = Field(
        "en", description="Language of reasons and warnings in reports: 'en' or 'zh'."
    )
    lock_wait: float = Field(
        10.0, ge=0, description="Seconds to wait for another process that writes."
    )

    @property
    def local_context_tokens(self) -> int:
        """The context window of a model in this process."""
        return self.context_tokens or _CONTEXT_TOKENS

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  a .env of the host is not ours
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, toml_file=config_path())
        return init_settings, env_settings, toml


def load_settings(**arguments: Any) -> Settings:
    """Settings from all sources. Raises SettingsError naming the value and where to correct it."""
    try:
        return Settings(**{name: value for name, value in arguments.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        raise SettingsError(
            f"The setting {name!r} cannot be {first.get('input')!r}: {first['msg']}.",
            hint=f"Correct it in the environment (QUIRE_{name.upper()}) or in {config_path()}.",
        ) from error
    except NotParsed as error:
        raise SettingsError(
            f"A setting cannot be read: {error}.",
            hint="Give the setting as JSON where it has several parts.",
        ) from error
    except OSError as error:
        raise SettingsError(
            f"{config_path()} cannot be read: {error.strerror}.",
            hint="Correct its permissions, or name another file with QUIRE_CONFIG.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{config_path()} is not a valid TOML file: {error}.", hint="Correct or remove it."
        ) from error


def put_setting(path: Path, name: str, value: str) -> None:
    """Set `name` in the file, which need not exist. Raises SettingsError, with nothing changed."""
    put_settings(path, **{name: value})


def put_settings(path: Path, **values: str) -> None:
    """Set all of these in the file, which need not exist. Raises SettingsError, with nothing
    changed."""
    path = Path(os.path.realpath(path))  # a link stays one
    before = after = _read(path)
    for name, value in values.items():
        line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
        changed = _changed(after, name, line)
        try:
            wanted = {**tomllib.loads(after), name: value}
            fits = tomllib.loads(changed) == wanted
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(
                f"{path} is not a valid TOML file: {error}.", hint="Correct or remove it."
            ) from error
        if not fits:
            raise SettingsError(
                f"The setting {name!r} in {path} is written in a way that Quire does not change.",
                hint=f"Write it yourself: {line}",
            )
        after = changed
    if after != before:
        _write(path, after)


def _changed(text: str, name: str, line: str) -> str:
    table = _TABLE.search(text)
    top, rest = (text[: table.start()], text[table.start() :]) if table else (text, "")
    key = rf"""(?:{name}|"{name}"|'{name}')"""
    found = re.search(rf"^[ \t]*{key}[ \t]*=[ \t]*{_VALUE}", top, re.MULTILINE)
    if found:
        return top[: found.start()] + line + top[found.end() :] + rest
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not top or top.endswith("\n") else newline
    return top + gap + line + newline + rest


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} cannot be read: {error}.", hint="Correct its permissions, or remove it."
        ) from error


def _write(path: Path, text: str) -> None:
    """Written beside and renamed: there is the old file or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}.",
            hint="Correct the permissions of its folder, or name another file with QUIRE_CONFIG.",
        ) from error
