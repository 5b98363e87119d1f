"""Run the command line with a process that cannot write part 1."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from phosphot5.cli.main import main
from phosphot5.errors import OutputFileError
from phosphot5.prediction import output_parts as shards

write = shards.Parts.part


@contextmanager
def failing(self: shards.Parts, number: int) -> Iterator:
    with write(self, number) as part:
        yield part
        if number == 1:
            raise OutputFileError("000001.part: the disk is full")


if __name__ == "__main__":
    shards.Parts.part = failing
    sys.exit(main(sys.argv[1:]))
