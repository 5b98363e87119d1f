"""Compare training with a stock T5 under the stock trainer: tokens per second, and accuracy after equal time.

    python benchmarks/speed/training.py [--only {throughput,parts,quality}] [--steps N] [--minutes M]

Ours is the recipe ``small``; the stock pair is transformers' ``T5ForConditionalGeneration`` of the same geometry
under ``Seq2SeqTrainer``, with the same segments, precision and optimiser, and as many proteins in a batch as make
our tokens per batch. It has full attention, rows padded to the longest of a random batch, cross-entropy over all
positions but unlabelled sites, and neither embedding noise nor, as the recipe, dropout. ``throughput`` times both,
``parts`` times ours with one change at a time, ``quality`` trains both for the same time and scores the recipe's
validation sites; the stock model in one pass whose decoder reads the bare sequence.

Two sides that are timed train in processes of their own and take turns: while one does a round of steps the
other waits, so that a busy machine slows both alike. Tokens are those of the proteins, without padding, each
counted once however many noise passes it goes through. Results are added to ``results/training.json`` as they
come; run again with the same numbers, the script goes on with what is missing.
"""

import argparse
import dataclasses
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
from torch.optim.lr_scheduler import LambdaLR
from transformers import DataCollatorForSeq2Seq, Seq2SeqTrainer, Seq2SeqTrainingArguments
from transformers.models.t5 import T5Config, T5ForConditionalGeneration
from transformers.trainer_callback import PrinterCallback, TrainerCallback

from phosphot5.evaluation.metrics import site_metrics
from phosphot5.modeling_phosphot5 import PhosphoT5Config
from phosphot5.record.environment import peak_memory_bytes
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer
from phosphot5.trainer import PhosphositeCollator, PhosphoT5Trainer
from phosphot5.trainer.dataset import build_dataset
from phosphot5.trainer.recipe import Recipe, load_recipe
from phosphot5.trainer.run import make_model, training_arguments
from phosphot5.trainer.sampler import TokenBudgetSampler

sys.path.append(str(Path(__file__).parents[2]))  # the checkout
from benchmarks.common import RESULTS, SMALL, describe, load, save
from benchmarks.speed.decoding import GEOMETRY

ROUNDS = 5
"""Rounds of steps that are timed; one more goes before them."""
LONGEST_ROUND, LONGEST_END = 1200.0, 30.0
"""Seconds after which a round is given up, compilation included; seconds that a process has to end by itself."""
WARM_UP = 0.1
"""Share of the time in which the learning rate rises, in ``quality``."""
SHOWN = ("st_auroc", "st_ap", "y_auroc", "y_ap", "mean_ap")
SHARED = (
    *("output_dir", "max_steps", "warmup_steps", "learning_rate", "weight_decay", "adam_beta2", "optim"),
    *("seed", "bf16", "use_cpu", "per_device_train_batch_size", "train_sampling_strategy", "disable_tqdm"),
    *("eval_strategy", "save_strategy", "logging_strategy"),
)
"""Training arguments that the stock trainer takes from ours."""
ONLY_TRAIN = dict.fromkeys(("eval_strategy", "save_strategy", "logging_strategy"), "no")
ENDLESS = ONLY_TRAIN | {"load_best_model_at_end": False, "disable_tqdm": True, "max_steps": 1_000_000}


@dataclass(frozen=True)
class Side:
    """One way to train: what differs from the recipe.

    Parameters
    ----------
    model, training : dict
        Arguments of the model and of the training.
    packed : bool
        Pack the proteins of a batch into one row; without it rows are padded.
    fixed : bool
        Draw the same number of proteins for every batch at random, in place of a token budget.
    stock : bool
        The stock model under the stock trainer; ``model``, ``packed`` and ``fixed`` have no meaning then.
    """

    model: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    packed: bool = True
    fixed: bool = False
    stock: bool = False


OURS, STOCK = "ours", "stock"
GROUPS: dict[str, dict[str, Side]] = {
    "throughput": {
        STOCK: Side(stock=True),
        "stock, similar lengths": Side(training={"train_sampling_strategy": "group_by_length"}, stock=True),
    },
    "parts": {
        "rows padded": Side(packed=False),
        "rows padded, full attention": Side({"attention": "full"}, packed=False),
        "fixed number of proteins": Side(fixed=True),
        "fixed number of proteins, rows padded": Side(fixed=True, packed=False),
        "two noise passes": Side(training={"noise_iterations": 2}),
        "float32": Side(training={"bf16": False}),
        "compiled": Side(training={"torch_compile": True}),
    },
}
"""What ours is timed against."""
SIDES = {OURS: Side()} | GROUPS["throughput"] | GROUPS["parts"]
RATES = {OURS: (1.0,), STOCK: (1.0, 0.25)}
"""Peak learning rates of the trainings of ``quality``, relative to the recipe's."""


class PaddedTrainer(PhosphoT5Trainer):
    """Train on padded rows of similar length, whatever the attention."""

    def _budget_sampler(self, dataset: datasets.Dataset, budget: int, shuffle: bool) -> TokenBudgetSampler:
        return TokenBudgetSampler(list(dataset["length"]), budget, 1, 0, self.args.seed, shuffle)


class Rounds(TrainerCallback):
    """Hold a training after every round of steps until told to go on, and tell what the round took.

    Parameters
    ----------
    connection : Connection
        Gives True to go on, False to end; takes a dict with the figures of each round.
    steps : int
        Steps of a round.
    counts : dict of str to int
        From :func:`count_batches`; set to 0 before each round.
    """

    def __init__(self, connection: Connection, steps: int, counts: dict[str, int]) -> None:
        self.connection, self.steps, self.counts = connection, steps, counts

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Wait for the first round."""
        self._wait(control)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Tell what the round took, if it ends here, and wait for the next."""
        if state.global_step % self.steps == 0:
            seconds = time.perf_counter() - self.began
            facts = {"peak_memory_bytes": peak_memory_bytes(), "threads": torch.get_num_threads()}
            speed = {"seconds": seconds, "speed": self.counts["tokens"] / seconds}
            self.connection.send(self.counts | facts | speed)
            self._wait(control)

    def _wait(self, control: Any) -> None:
        control.should_training_stop = not self.connection.recv()
        self.counts.update(tokens=0, slots=0)
        self.began = time.perf_counter()


class Clock(TrainerCallback):
    """Train for a time: the learning rate rises and falls linearly in it, and training stops at its end.

    Parameters
    ----------
    seconds : float
        The time.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.began = time.perf_counter()

    def spent(self) -> float:
        """Return the seconds since the clock was made."""
        return time.perf_counter() - self.began

    def rate(self, step: int) -> float:
        """Return the learning rate relative to its peak; it goes by the clock, not by the step."""
        share = min(self.spent() / self.seconds, 1.0)
        return share / WARM_UP if share < WARM_UP else (1 - share) / (1 - WARM_UP)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Stop when the time is over."""
        control.should_training_stop = self.spent() >= self.seconds


def count_batches(trainer: Seq2SeqTrainer) -> dict[str, int]:
    """Count from now on the tokens of the batches trained on, and the slots that hold tokens or padding."""
    counts = {"tokens": 0, "slots": 0}
    step = trainer.training_step

    def counted(model: torch.nn.Module, inputs: dict[str, torch.Tensor], *rest: Any) -> torch.Tensor:
        mask = inputs["attention_mask"]
        counts["tokens"] += int((mask > 0).sum())
        counts["slots"] += mask.numel()
        return step(model, inputs, *rest)

    trainer.training_step = counted
    return counts


def small_recipe() -> Recipe:
    """Read the recipe."""
    return load_recipe(SMALL)


def save_sets(folder: str) -> None:
    """Read the recipe's data sets once for all processes."""
    data = small_recipe().data
    datasets.disable_progress_bars()
    for name, files in (("train", data.train), ("valid", data.valid)):
        made = build_dataset(files, data.max_length)
        made.dataset.save_to_disk(f"{folder}/{name}")


def make_trainer(side: Side, folder: str, rate: float = 1.0) -> Seq2SeqTrainer:
    """Make the trainer of a side; ``folder`` holds the data sets, ``rate`` is relative to the recipe's."""
    recipe, tokenizer = small_recipe(), PhosphoT5Tokenizer()
    train, valid = (datasets.load_from_disk(f"{folder}/{name}") for name in ("train", "valid"))
    given = recipe.training | ENDLESS | {"output_dir": f"{folder}/out"} | side.training
    given["learning_rate"] *= rate
    if side.fixed or side.stock:
        number = round(given["tokens_per_batch"] / float(np.mean(train["length"])))
        given |= {"tokens_per_batch": None, "per_device_train_batch_size": number}
    args = training_arguments(dataclasses.replace(recipe, training=given))
    ours = make_model(dataclasses.replace(recipe, model=recipe.model | side.model), args.seed)
    if side.stock:
        geometry = {name: getattr(ours.config, name) for name in (*GEOMETRY, "dropout_rate")}
        model = T5ForConditionalGeneration(T5Config(**geometry))
        trainer = Seq2SeqTrainer(
            model,
            Seq2SeqTrainingArguments(**{name: getattr(args, name) for name in SHARED}),
            data_collator=DataCollatorForSeq2Seq(tokenizer, model),
            train_dataset=train.with_format(None),
            eval_dataset=valid,
        )
        trainer.remove_callback(PrinterCallback)
        return trainer
    collator = PhosphositeCollator(packed=side.packed)
    kind = PhosphoT5Trainer if side.packed else PaddedTrainer
    return kind(ours, args, data_collator=collator, train_dataset=train, eval_dataset=valid)


def train_in_rounds(connection: Connection, name: str, steps: int, folder: str) -> None:
    """Train a side in rounds, as told through the connection; runs in a process of its own."""
    trainer = make_trainer(SIDES[name], folder)
    trainer.add_callback(Rounds(connection, steps, count_batches(trainer)))
    trainer.train()


@contextmanager
def started(name: str, steps: int, folder: str) -> Iterator[Callable[[], dict[str, float]]]:
    """Start the process of a side; gives a function that has it do a round and returns what that took.

    The function raises TimeoutError when the round takes too long, and EOFError or BrokenPipeError when the
    process has ended.
    """
    spawn = multiprocessing.get_context("spawn")
    near, far = spawn.Pipe()
    process = spawn.Process(target=train_in_rounds, args=(far, name, steps, folder))
    process.start()
    far.close()

    def do_round() -> dict[str, float]:
        near.send(True)
        if not near.poll(LONGEST_ROUND):
            raise TimeoutError
        return near.recv()

    try:
        yield do_round
    finally:
        with suppress(BrokenPipeError):
            near.send(False)
        process.join(LONGEST_END)
        process.kill()


def compare(name: str, steps: int, folder: str) -> dict[str, Any]:
    """Time ours and another side in turn."""
    with started(OURS, steps, folder) as ours, started(name, steps, folder) as other:
        try:
            (_, first), *rounds = [(ours(), other()) for _ in range(ROUNDS + 1)]
        except TimeoutError:
            return {"not_measured": f"a round took longer than {LONGEST_ROUND:.0f} s"}
        except (EOFError, BrokenPipeError):
            return {"not_measured": "the training ended with an error"}
    mine, its = zip(*rounds, strict=True)
    ratios = [one["speed"] / two["speed"] for one, two in rounds]
    return {
        "rounds": ROUNDS,
        "threads": first["threads"],
        "ours_over_it": round(statistics.median(ratios), 2),
        "lowest": round(min(ratios), 2),
        "highest": round(max(ratios), 2),
        "seconds_of_its_first_round": round(first["seconds"], 1),
        OURS: summary(mine),
        "it": summary(its),
    }


def summary(rounds: tuple[dict[str, float], ...]) -> dict[str, float]:
    """Sum up the rounds of a side."""
    tokens, slots = (sum(made[name] for made in rounds) for name in ("tokens", "slots"))
    return {
        "tokens_per_second": round(statistics.median(made["speed"] for made in rounds)),
        "tokens": tokens,
        "seconds": round(sum(made["seconds"] for made in rounds), 1),
        "padding": round(1 - tokens / slots, 4),
        "peak_memory_bytes": rounds[-1]["peak_memory_bytes"],
    }


def train_for(minutes: float, name: str, rate: float, folder: str) -> dict[str, Any]:
    """Train a side for a time and score the validation sites; runs in a process of its own."""
    trainer = make_trainer(SIDES[name], folder, rate)
    counts, clock = count_batches(trainer), Clock(60 * minutes)
    trainer.lr_scheduler = LambdaLR(trainer.create_optimizer(), clock.rate)
    trainer.add_callback(clock)
    trainer.train()
    entry = {
        **{"side": name, "learning_rate": trainer.args.learning_rate, "seconds": round(clock.spent(), 1)},
        **{"steps": trainer.state.global_step, "tokens": counts["tokens"]},
        **{"epochs": round(trainer.state.epoch, 3), "parameters": trainer.model.num_parameters()},
    }
    if SIDES[name].stock:
        scored = stock_scores(trainer)
    else:
        trainer.evaluate_as_predicted()  # scores in the precision of the weights, as the stock model's are
        scored = trainer.scored_sites
    if not np.isfinite(scored[0]).all():
        return entry | {"diverged": True}
    metrics = site_metrics(*scored)
    return entry | {name: round(metrics[name], 4) for name in SHOWN}


@torch.inference_mode()
def stock_scores(trainer: Seq2SeqTrainer) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log-odds, truth and residues of the labelled validation sites, each of shape (sites,)."""
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False).eval()
    rows, budget, parts = trainer.eval_dataset, small_recipe().training["tokens_per_batch"], []
    for batch in TokenBudgetSampler(list(rows["length"]), budget, 1, 0, shuffle=False):
        inputs = PhosphositeCollator()([rows[i] for i in batch])
        labels, ids = inputs.pop("labels"), inputs["input_ids"]
        logits = model(**inputs, decoder_input_ids=model.prepare_decoder_input_ids_from_labels(ids)).logits
        for residue, (plain, phosphorylated) in PhosphoT5Config().site_token_ids.items():
            at = (ids == plain) & (labels != -100)
            odds = (logits[at][:, phosphorylated] - logits[at][:, plain]).numpy()
            parts.append((odds, (labels[at] == phosphorylated).numpy(), np.full(len(odds), residue)))
    odds, truth, residues = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return odds, truth, residues


def apart(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function in a fresh process and return what it returns."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args).result()


def plan(steps: int, minutes: float, folder: str) -> Iterator[tuple[str, str, dict[str, Any], Callable]]:
    """Yield group, name and settings of every measurement, and the function that makes it."""
    for group, sides in GROUPS.items():
        for name in sides:
            yield group, name, {"steps_of_a_round": steps}, partial(compare, name, steps, folder)
    for name, rates in RATES.items():
        for rate in rates:
            title, arguments = f"{name}, learning rate x {rate}", (minutes, name, rate, folder)
            yield "quality", title, {"minutes": minutes}, partial(apart, train_for, *arguments)


def main() -> None:
    """Measure what is missing and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    groups = (*GROUPS, "quality")
    parser.add_argument("--only", choices=groups, help="measure this alone")
    parser.add_argument("--steps", type=int, default=10, help="training steps of a round (default: 10)")
    parser.add_argument("--minutes", type=float, default=10, help="time of a training (default: 10)")
    args = parser.parse_args()
    path = RESULTS / "training.json"
    found = load("training") if path.exists() else {}
    facts = describe() | {"tokens_per_batch": small_recipe().training["tokens_per_batch"]}
    found = facts | {group: found.get(group, {}) for group in groups}
    with tempfile.TemporaryDirectory() as folder:
        apart(save_sets, folder)  # here it would raise the peak memory that the processes started later tell
        for group, name, settings, measure in plan(args.steps, args.minutes, folder):
            known = found[group].get(name, {})
            if args.only in (None, group) and not settings.items() <= known.items():
                found[group][name] = settings | measure()
                save("training", found)
                sys.stdout.write(f"{group}, {name}: {found[group][name]}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
