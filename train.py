"""Train with ``accelerate launch train.py [RECIPE] [SECTION.KEY=VALUE ...]``; the same as ``phosphot5 train``.

Without arguments it trains the tiny recipe on the examples.
"""

import sys

from phosphot5.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["train", *(sys.argv[1:] or ["recipes/tiny.yaml"])]))
