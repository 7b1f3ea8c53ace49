"""How a command ends: its exit code, and a mistake as one line on standard error.

Exit codes: 0 done, 1 a fault of Carousel's own, 2 the user's mistake, 130 interrupted.
"""

from __future__ import annotations

import sys

import typer

from carousel.common.errors import CarouselError, UserError
from carousel.common.terminal import print_line

UsageError: type[Exception] = typer.BadParameter.__bases__[0]  # typer exports only the special cases of it


def exit_code(app: typer.Typer) -> int:
    """Run the command that was typed."""
    try:
        code = app(standalone_mode=False)
    except UserError as error:
        return _report(str(error), 2)
    except UsageError as error:  # its message names the option
        return _report(str(UserError(error.format_message(), fix="see carousel --help")), 2)  # type: ignore[attr-defined]
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except CarouselError as error:
        return _report(str(error), 1)
    return code if isinstance(code, int) else 0


def _report(line: str, code: int) -> int:
    print_line(f"carousel: {line}", sys.stderr)
    return code
