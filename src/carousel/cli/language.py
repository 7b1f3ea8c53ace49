"""The language of the command: what `--lang` says, else what the environment says."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise

from carousel.common.texts import LANGUAGES

_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # in the order of POSIX: the first that is set and not empty


def of_environment(environment: Mapping[str, str] = os.environ) -> str:
    """ "zh" where the locale's language is Chinese, such as zh_CN.UTF-8; else "en"."""
    locale = next((found for name in _VARIABLES if (found := environment.get(name))), "")
    return "zh" if locale.lower().replace("-", "_").split(".")[0].split("_")[0] == "zh" else "en"


def of_command(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> str:
    """The same, known before the arguments are read: for a mistake in them. The last `--lang` counts."""
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    apart = [value for name, value in pairwise(before) if name == "--lang"]
    joined = [argument.removeprefix("--lang=") for argument in before if argument.startswith("--lang=")]
    asked = [*apart, *joined]
    return asked[-1] if asked and asked[-1] in LANGUAGES else of_environment(environment)


def of_this_command() -> str:
    """The language of the command that this process was started with."""
    return of_command(sys.argv[1:])
