"""Whether an error's line is ours alone: no library's words in it, and its reason said in Chinese as well."""

from __future__ import annotations

import re

from carousel.common.error_words import line_in
from carousel.common.errors import UserError

#: How pydantic, json, tomllib, Python's codecs, polars, safetensors, zipfile and numpy begin what they say.
_FOREIGN = re.compile(
    r"Input should|[Ff]ield required|Extra inputs|Value error|Unable to extract|Expecting|Expected |Extra data|"
    r"codec can't|\(at |Invalid |Error while|Exceeds the limit|parquet:|[A-Z]\w+Error|zip file|"
    r"reshape|at least \d+ char"
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def ours(error: UserError, lang: str) -> str:
    """The line in that language, if what was found is in our words."""
    line = line_in(error, lang)
    assert not _FOREIGN.search(line), line
    if lang == "zh" and error.got is not None:
        reason = re.search("实际：([^；]*)", line)
        assert reason and _CHINESE.search(reason[1]), line
    return line
