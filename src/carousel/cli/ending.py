"""How a command ends: its exit code, and a mistake as one line on standard error.

Exit codes: 0 done, 1 a fault of Carousel's own, 2 the user's mistake, 130 interrupted.
"""

from __future__ import annotations

import sys

import typer

from carousel.cli.language import of_this_command
from carousel.cli.usage import UsageError, in_our_words
from carousel.common.error_words import line_in
from carousel.common.errors import CarouselError, UserError
from carousel.common.terminal import print_line


def exit_code(app: typer.Typer) -> int:
    """Run the command that was typed."""
    try:
        code = app(prog_name="carousel", standalone_mode=False)
    except UserError as error:
        return _report(error, 2)
    except UsageError as error:
        return _report(in_our_words(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except CarouselError as error:
        return _report(error, 1)
    return code if isinstance(code, int) else 0


def _report(error: CarouselError, code: int) -> int:
    print_line(f"carousel: {line_in(error, of_this_command())}", sys.stderr)
    return code
