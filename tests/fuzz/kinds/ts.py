"""`.ts` files: headers, dimensions, values and targets changed, with or without a test file beside."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.fuzz.kinds.reading import read
from tests.fuzz.mutate import mutated_bytes, word

_HEADERS = (
    "@problemName toy", "@timeStamps true", "@timeStamps false", "@missing true", "@univariate maybe",
    "@classLabel false",
    "@targetLabel true", "@classLabel", "@classLabel true", "@", "@ ", "@data", "@DATA ", "# a comment",
    "@equalLength true 3", "",
)  # fmt: skip


def ts(draw: Random, folder: Path) -> None:
    """One file, or the two parts of a training and a test file."""
    train = folder / draw.choice(("a.ts", "A_TRAIN.ts"))
    train.write_bytes(_content(draw))
    if train.name == "A_TRAIN.ts" and draw.random() < 0.7:
        (folder / "A_TEST.ts").write_bytes(_content(draw))
    read(train, {}, draw)


def _content(draw: Random) -> bytes:
    kind = draw.choice(("@classLabel true a b", "@classLabel true a b", "@targetLabel true"))
    header = ["@problemName toy", kind, "@data"]
    stamped = draw.random() < 0.2
    header = ["@timeStamps true", *header] if stamped else header
    cases = [_stamped(i, kind) if stamped else _case(i, kind) for i in range(14)]
    for _ in range(draw.choice((0, 1, 1, 3))):
        if draw.random() < 0.3:
            header.insert(draw.randrange(len(header) + 1), draw.choice(_HEADERS))
        elif draw.random() < 0.1 and header:
            header.pop(draw.randrange(len(header)))
        else:
            at = draw.randrange(len(cases))
            cases[at] = draw.choice(
                (_changed(cases[at], draw), _changed(cases[at], draw), cases[at] * 2, "", ":", word(draw))
            )
    text = draw.choice(("\n", "\n", "\r\n", "\r")).join([*header, *cases]) + "\n"
    content = text.encode("utf-8", "surrogatepass")
    return mutated_bytes(content, draw) if draw.random() < 0.4 else content


def _case(number: int, kind: str) -> str:
    target = "ab"[number % 2] if "class" in kind else f"{number / 2}"
    return f"{number},2,3:4,?,{number}:{target}"


def _stamped(number: int, kind: str) -> str:
    target = _case(number, kind).rpartition(":")[2]
    first, second = "2020-01-01 00:00:00", "2020-01-01 00:01:00"
    return f"({first},{number}),({second},?):({first},3),({second},4):{target}"


def _changed(case: str, draw: Random) -> str:
    dimensions = [part.split(",") for part in case.split(":")]
    part = draw.choice(dimensions)
    if draw.random() < 0.6:
        part[draw.randrange(len(part))] = word(draw)
    elif draw.random() < 0.5:
        part.append(word(draw))
    else:
        dimensions.insert(draw.randrange(len(dimensions)), [word(draw) for _ in range(draw.randrange(4))])
    return ":".join(",".join(values) for values in dimensions)
