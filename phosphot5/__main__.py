"""``python -m phosphot5`` is the command ``phosphot5``."""

import sys

from phosphot5.cli.main import main

sys.exit(main())
