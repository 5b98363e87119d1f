"""Try a change of the recipe ``small`` in a short training, and add the outcome to the log of the search.

    python benchmarks/search/search.py NAME [SECTION.KEY=VALUE ...] [--steps N] [--seed SEED]

Chosen on the recipe's validation proteins alone. Every trial is kept in ``results/search.json``, also those that
failed; trials that were made before this script have their commit and their overrides there as well. The page
``docs/experiments.md`` is made from it by ``docs/generate/write.py``.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import describe, load, save
from benchmarks.search.trials import Bench


def main() -> None:
    """Train, add, show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="what is tried, in words")
    parser.add_argument("overrides", nargs="*", metavar="SECTION.KEY=VALUE", help="changes of the recipe")
    parser.add_argument("--steps", type=int, default=400, help="training steps (default: 400)")
    parser.add_argument("--seed", type=int, default=1, help="seed (default: 1)")
    parser.add_argument("--stage", help="key of the stage in the log (default: the newest)")
    args = parser.parse_args()
    about = describe()
    figures = Bench().run(args.overrides, args.seed, args.steps)
    found = load("search")
    stage = args.stage or next(reversed(found["stages"]))
    trial = {
        "stage": stage,
        "name": args.name,
        "overrides": args.overrides,
        "commit": about["commit"],
    } | figures
    save("search", found | about | {"trials": [*found["trials"], trial]})
    sys.stdout.write(f"{json.dumps(trial)}\n")


if __name__ == "__main__":
    main()
