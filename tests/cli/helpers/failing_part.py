"""Run the command line with a process that cannot write part 1, once the other process has made its parts.

A process that still works would say that the launcher stopped it, as it does when a cluster's time is up.
"""

import sys
import time
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
            until = time.monotonic() + 120
            while time.monotonic() < until and not all(
                (self.folder / f"00000{i}.part").exists() for i in (0, 2)
            ):
                time.sleep(0.05)
            raise OutputFileError("000001.part: the disk is full")


if __name__ == "__main__":
    output_parts.OutputParts.part = failing
    sys.exit(main(sys.argv[1:]))
