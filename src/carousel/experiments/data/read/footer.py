"""What people write below a table: a total, a source, who made it. It is no step."""

from __future__ import annotations

import re
from dataclasses import replace

from carousel.experiments.data.arrays import Note
from carousel.experiments.data.read.table import Table

_MOST = 8  # rows
_TOTALS = frozenset(
    ("total", "totals", "grand total", "sum", "average", "mean", "合计", "总计", "小计", "总和", "平均", "平均值",
     "均值", "總計", "合計", "小計", "計",
     "maximum", "minimum", "最大值", "最小值", "最高值", "最低值", "标准差")
)  # fmt: skip
_REMARK = re.compile(
    r"(?:source|sources|note|notes|remark|data source|footnote|created by|©|"
    r"注|备注|備註|说明|說明|来源|數據來源|数据来源|资料来源|資料來源|制表|填表|审核|单位|單位)[^:：]{0,12}[:：]",
    re.IGNORECASE,
)
_MARK = re.compile(r"[-=_*]{3,}|\(\d+ rows?(?: affected)?\)|(?:数据|资料|資料|數據)(?:来源|來源).*", re.IGNORECASE)


def without_footer(table: Table) -> Table:
    """Without the last rows that hold a remark alone, or a total that no row above is named after."""
    frame = table.frame
    kept = frame.height
    while frame.width > 1 and kept > max(1, frame.height - _MOST) and _is_footer(table, kept - 1):
        kept -= 1
    if kept == frame.height or 2 * kept < frame.height:  # a table of such rows has no other
        return table
    first = next(str(cell) for cell in frame.row(kept) if cell is not None)
    note: Note = {"key": "footer", "count": frame.height - kept, "row": int(table.rows[kept]), "first": first[:60]}
    return replace(table, frame=frame[:kept], rows=table.rows[:kept], notes=[*table.notes, note])


def _is_footer(table: Table, row: int) -> bool:
    cells = [str(cell) for cell in table.frame.row(row) if cell is not None]
    if len(cells) == 1 and (_REMARK.match(cells[0]) or _MARK.fullmatch(cells[0])):
        return True
    name = table.frame.columns[0]
    first = table.frame[name][row]
    total = first is not None and re.sub(r"\s+|[:：]$", "", str(first)).lower() in {t.replace(" ", "") for t in _TOTALS}
    return total and int((table.frame[name] == first).sum()) == 1
