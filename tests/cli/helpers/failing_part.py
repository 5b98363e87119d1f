"""Run the command line with a process that cannot write part 1."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from phosphot5.cli.main import main
from phosphot5.errors import OutputFileError
from phosphot5.prediction import output_parts

write = output_parts.OutputParts.part


@contextmanager
def failing(self: output_parts.OutputParts, number: int) -> Iterator:
    with write(self, number) as part:
        yield part
        if number == 1:
            raise OutputFileError("000001.part: the disk is full")


if __name__ == "__main__":
    output_parts.OutputParts.part = failing
    sys.exit(main(sys.argv[1:]))
