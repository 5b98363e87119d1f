"""The Trainer: noise passes, exact loss scaling, token-budget batches, metrics on site scores."""

import logging
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils import DistributedType, gather_object
from torch import nn
from torch.utils.data import Dataset, Sampler
from transformers import EarlyStoppingCallback, PrinterCallback, ProgressCallback
from transformers.trainer_utils import EvalLoopOutput, TrainOutput, has_length

from phosphot5.data import Protein
from phosphot5.errors import PhosphoT5Error
from phosphot5.evaluation.metrics import group_metrics
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.decoding_phosphot5 import choice_logits, phospho_partner, site_mask

from .arguments import PhosphoT5TrainingArguments
from .averaging import mean_weights, mixed_weights, weights_like
from .calibration import calibrate
from .callbacks import CodeFilesCallback, ConsoleProgress, SamplerEpochCallback, TrainingClock
from .checkpoints import whole_checkpoints
from .collator import PhosphositeCollator
from .optimizer import MuonWithAdamW, hidden_matrices
from .publishing import PublishingTrainer
from .recording import RecordCallback
from .sampler import TokenBudgetSampler
from .start import only_adapters

__all__ = ["PhosphoT5Trainer"]

logger = logging.getLogger(__name__)


class PhosphoT5Trainer(PublishingTrainer):
    """Train a PhosphoT5 on data sets with the columns ``input_ids`` and ``labels``.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        The model.
    args : PhosphoT5TrainingArguments
        Arguments.
    train_dataset, eval_dataset : datasets.Dataset, optional
        From :func:`~phosphot5.trainer.dataset.build_dataset`.
    **kwargs
        Passed on to :class:`transformers.Seq2SeqTrainer`.
    """

    # the loss is divided by the labels of all micro-batches and processes of a step: see compute_loss
    loss_is_scaled_for_ga = True

    def __init__(
        self, model: PhosphoT5ForConditionalGeneration, args: PhosphoT5TrainingArguments, **kwargs: Any
    ) -> None:
        if args.adapters_only:
            only_adapters(model)
        packed = model.config.attention == "window"
        row = args.tokens_per_batch if args.compile_blocks and packed else None
        kwargs.setdefault("data_collator", PhosphositeCollator(model.config.pad_token_id, packed, row or 1))
        use_cache = model.config.use_cache
        super().__init__(model=model, args=args, **kwargs)
        model.config.use_cache = use_cache  # transformers switches it off; training needs no cache anyway
        if args.noise_iterations > 1 and self.accelerator.distributed_type == DistributedType.DEEPSPEED:
            raise PhosphoT5Error(
                "DeepSpeed counts every backward pass as a micro-batch: set noise_iterations to 1, or train with FSDP"
            )
        self.model_accepts_loss_kwargs = True  # makes transformers count the labels of a step
        if args.early_stopping_patience and args.eval_strategy != "no":
            self.add_callback(EarlyStoppingCallback(args.early_stopping_patience))
        self.add_callback(CodeFilesCallback())
        self.add_callback(TrainingClock())
        self.add_callback(RecordCallback(self))
        trained: Any = self.train_dataset
        if "length" in getattr(trained, "column_names", ()):
            for stock in (PrinterCallback, ProgressCallback):
                self.remove_callback(stock)
            self.add_callback(ConsoleProgress(int(np.sum(trained["length"], dtype=np.int64))))

    def train(self, *args: Any, **kwargs: Any) -> TrainOutput:
        """Train as transformers does; with ``compile_blocks`` the blocks are compiled until the training ends.

        In the end the model has the mean weights of the last checkpoints with ``average_checkpoints``, and shares of
        other models' weights with ``mix_with``.

        Parameters
        ----------
        *args, **kwargs
            As for :meth:`transformers.Trainer.train`.
        """
        model = self.accelerator.unwrap_model(self.model)
        shares = self.args.mix_with
        assert isinstance(shares, dict)  # text has been read by then
        others = [
            (weights_like(name, model.config, model.state_dict()), share) for name, share in shares.items()
        ]
        output = self._train_compiled(*args, **kwargs)
        model = self.accelerator.unwrap_model(self.model)
        if self.args.average_checkpoints:
            self.accelerator.wait_for_everyone()  # the main process writes the checkpoints
            last = whole_checkpoints(Path(self.args.output_dir))[-self.args.average_checkpoints :]
            logger.info("the model is the mean of %s", ", ".join(path.name for path in last))
            model.load_state_dict(mean_weights(last))
        if others:
            logger.info(
                "%s",
                ", ".join(f"{share:g} of the weights are those of {name}" for name, share in shares.items()),
            )
            model.load_state_dict(mixed_weights(model.state_dict(), others))
        return output

    def _train_compiled(self, *args: Any, **kwargs: Any) -> TrainOutput:
        encoder, decoder = self.model.get_encoder(), self.model.get_decoder()
        # nearly all of the time is spent in these; those of a kind share what is compiled
        modules = [m for m in (encoder.convolution, *encoder.block, *decoder.block) if m is not None]
        if not self.args.compile_blocks:
            return super().train(*args, **kwargs)
        for module in modules:
            module.compile(dynamic=False)
        try:
            return super().train(*args, **kwargs)
        finally:
            for module in modules:
                module._compiled_call_impl = None  # what module.compile() sets; there is no public way back

    def _run_epoch(self, *args: Any, **kwargs: Any) -> None:
        """Run an epoch, unless all steps are done: a finished training that is resumed would go one step further."""
        if self.state.global_step >= self.state.max_steps:
            self.control.should_training_stop = True
        else:
            super()._run_epoch(*args, **kwargs)

    def create_optimizer(self, *args: Any, **kwargs: Any) -> torch.optim.Optimizer:
        """Make the optimizer: that of ``args.optim``, or Muon with AdamW."""
        if not self.args.muon or self.optimizer is not None:
            return super().create_optimizer(*args, **kwargs)
        trained = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        matrices = hidden_matrices(self.model) & trained.keys()
        decayed = set(self.get_decay_parameter_names(self.model))
        others = [
            {
                "params": [
                    p for name, p in trained.items() if name not in matrices and (name in decayed) == decay
                ]
            }
            | {"weight_decay": self.args.weight_decay if decay else 0.0}
            for decay in (True, False)
        ]
        self.optimizer = MuonWithAdamW(
            [trained[name] for name in sorted(matrices)],
            others,
            lr=self.args.learning_rate,
            weight_decay=self.args.weight_decay,
            betas=(self.args.adam_beta1, self.args.adam_beta2),
            eps=self.args.adam_epsilon,
        )
        return self.optimizer

    def get_decay_parameter_names(self, model: nn.Module) -> list[str]:
        """Name the weights that decay: not the vectors of kinds of label, which may have no protein to learn from."""
        names = super().get_decay_parameter_names(model)
        return [name for name in names if not name.endswith("label_sources")]

    @property
    def training_seconds(self) -> float:
        """Seconds of training so far, over all parts of a training that was interrupted and resumed."""
        return next(c.seconds for c in self.callback_handler.callbacks if isinstance(c, TrainingClock))

    def training_step(
        self,
        model: nn.Module,
        inputs: dict[str, torch.Tensor],
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Run the noise passes of a batch forward and backward, one after the other.

        Parameters
        ----------
        model : torch.nn.Module
            The (wrapped) model.
        inputs : dict of str to torch.Tensor
            A collated batch.
        num_items_in_batch : torch.Tensor or int, optional
            Labels of the step over all micro-batches and processes.

        Returns
        -------
        torch.Tensor
            The loss of the batch, a scalar without gradient.
        """
        passes = self.args.noise_iterations
        loss = torch.zeros((), device=self.args.device)
        for number in range(passes):
            # processes exchange their gradients once, after the last pass
            last = number == passes - 1
            with nullcontext() if last else self.accelerator.no_sync(model):
                loss = loss + super().training_step(model, dict(inputs), num_items_in_batch)
        return loss

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor | tuple[torch.Tensor, Any]:
        """Return the loss of one noise pass; in training its share of the mean over ``noise_iterations`` passes.

        The sum of the losses is divided by the labels of the whole step, so that accumulation and several
        processes give the gradient of one large batch.

        Parameters
        ----------
        model : torch.nn.Module
            The (wrapped) model.
        inputs : dict of str to torch.Tensor
            A collated batch.
        return_outputs : bool
            Also return the model's outputs.
        num_items_in_batch : torch.Tensor or int, optional
            Labels of the step over all micro-batches and processes.

        Returns
        -------
        torch.Tensor
            Scalar.
        """
        passes = self.args.noise_iterations if model.training else 1
        if num_items_in_batch is not None:
            num_items_in_batch = num_items_in_batch * passes
        inputs.pop("groups", None)
        outputs = model(**inputs, num_items_in_batch=num_items_in_batch)
        loss = outputs.loss
        if num_items_in_batch is None:
            loss = loss / passes
        elif self.args.average_tokens_across_devices:
            loss = loss * self.accelerator.num_processes  # undoes the averaging of gradients over processes
        return (loss, outputs) if return_outputs else loss

    def _partner(self, device: torch.device) -> torch.Tensor:
        config = self.model.config
        return phospho_partner(config.site_token_ids, config.vocab_size, device)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log, beside the loss, how large the noise is relative to the embeddings it is added to.

        Parameters
        ----------
        logs : dict of str to float
            What is to be logged.
        start_time : float, optional
            When the training began.
        """
        if "loss" in logs and self.model.config.noise_std:
            logs["noise_to_embedding"] = round(self.model.config.noise_std / _embedding_rms(self.model), 4)
        super().log(logs, start_time)

    def floating_point_ops(self, inputs: dict[str, torch.Tensor]) -> int:
        """Estimate the floating-point operations of a micro-batch, all noise passes counted.

        Returns
        -------
        int
            Six for every token and parameter beside the embeddings, as is usual (Kaplan et al. 2020); what
            attention adds to that is left out.
        """
        return super().floating_point_ops(inputs) * self.args.noise_iterations

    def _budget_sampler(self, dataset: Any, budget: int, shuffle: bool) -> TokenBudgetSampler:
        lengths = list(dataset["length"])
        world, rank = self.args.world_size, self.args.process_index
        packed = self.model.config.attention == "window"
        return TokenBudgetSampler(lengths, budget, world, rank, self.args.seed, shuffle, packed)

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler | None:
        dataset = self.train_dataset if train_dataset is None else train_dataset
        if self.args.tokens_per_batch is None or not has_length(dataset):
            return super()._get_train_sampler(dataset)
        sampler = self._budget_sampler(dataset, self.args.tokens_per_batch, shuffle=True)
        self.remove_callback(SamplerEpochCallback)
        self.add_callback(SamplerEpochCallback(sampler))
        return sampler

    def _get_eval_sampler(self, eval_dataset: Dataset) -> Sampler | None:
        return self._budget_sampler(eval_dataset, self.args.eval_tokens_per_batch, shuffle=False)

    def evaluation_loop(
        self,
        dataloader: torch.utils.data.DataLoader,
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> EvalLoopOutput:
        """Score the labelled sites of a data set and compute loss and metrics.

        Returns
        -------
        EvalLoopOutput
            ``predictions``: log-odds of shape (labelled sites,); ``label_ids``: 1 positive, 0 negative;
            ``metrics``: the loss per label and those of :func:`~phosphot5.evaluation.metrics.site_metrics`.
        """
        model = self._wrap_model(self.model, training=False)
        model.eval()
        parts, loss, items, rows = [np.empty((4, 0), dtype=np.float32)], 0.0, 0, 0
        # every pass over a data loader draws from the generator: give back what training goes on with
        eager = torch.compiler.set_stance("force_eager")  # batches of evaluation have many shapes
        with eager, torch.no_grad(), torch.random.fork_rng(devices=[]):
            for inputs in dataloader:
                inputs = self._prepare_inputs(inputs)
                groups = inputs.pop("groups", torch.zeros_like(inputs["input_ids"]))
                outputs = model(**inputs, num_items_in_batch=1)
                parts.append(self._labelled_sites(inputs, outputs.logits, groups))
                loss += outputs.loss.item()
                items += int((inputs["labels"] != -100).sum())
                rows += int(inputs["attention_mask"].amax(1).sum())
                self.control = self.callback_handler.on_prediction_step(self.args, self.state, self.control)
        merged = np.concatenate(gather_object([np.concatenate(parts, axis=1)]), axis=1)
        loss, items, rows = np.sum(gather_object([(loss, items, rows)]), axis=0)
        scores, truth = merged[0], merged[1].astype(bool)
        residues = np.array(list("STY"))[merged[2].astype(int)]
        names = self._group_names(dataloader.dataset)
        measured = group_metrics(scores, truth, residues, merged[3].astype(int), names)
        metrics = {"loss": float(loss / items)} | measured
        self.scored_sites = (scores, truth, residues)
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in metrics.items()}
        return EvalLoopOutput(predictions=scores, label_ids=truth, metrics=metrics, num_samples=int(rows))

    @staticmethod
    def _group_names(dataset: Any) -> list[str]:
        """Names of the groups that a data set tells apart; none where it does not."""
        kind = (getattr(dataset, "features", None) or {}).get("group")
        return [] if kind is None else list(kind.names)

    def _labelled_sites(
        self, inputs: dict[str, torch.Tensor], logits: torch.Tensor, groups: torch.Tensor
    ) -> np.ndarray:
        """Array of shape (4, sites): log-odds, truth, index of the residue in S T Y, group."""
        ids, labels, sites = inputs["input_ids"], inputs["labels"], self.model.config.site_token_ids
        partner = self._partner(ids.device)
        bare = site_mask(ids, partner)
        plain, phosphorylated = choice_logits(logits[bare], ids[bare], partner).float().unbind(-1)
        odds = torch.full(ids.shape, float("nan"), device=ids.device)
        odds[bare] = phosphorylated - plain
        columns = []
        for index, residue in enumerate("STY"):
            plain, phosphorylated = sites[residue]
            at = (ids == plain) & (labels != -100)
            truth = labels[at] == phosphorylated
            columns.append(
                torch.stack([odds[at], truth.float(), torch.full_like(odds[at], index), groups[at].float()])
            )
        return torch.cat(columns, dim=1).cpu().numpy()

    def evaluate_as_predicted(self) -> dict[str, float]:
        """Evaluate in the precision of the weights, without autocast, as predictions are made.

        Returns
        -------
        dict of str to float
            The metrics of the evaluation.
        """
        self.accelerator.unwrap_model(self.model, keep_fp32_wrapper=False)
        metrics: dict[str, float] = self.evaluate()
        return metrics

    def calibrate(self, proteins: Iterable[Protein]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Fit the calibration to whole proteins and store it with the false-positive rates in the configuration.

        See :func:`~phosphot5.trainer.calibration.calibrate`.

        Parameters
        ----------
        proteins : iterable of Protein
            Labelled proteins that the model was not trained on.

        Returns
        -------
        tuple of numpy.ndarray
            What was fitted to, as :func:`~phosphot5.trainer.calibration.uncalibrated_scores` gives it.
        """
        model = self.accelerator.unwrap_model(self.model, keep_fp32_wrapper=False).eval()
        return calibrate(model, list(proteins))


def _embedding_rms(model: PhosphoT5ForConditionalGeneration) -> float:
    """Return the root mean square of the input embeddings, gathered where they are sharded over processes."""
    weight = model.get_input_embeddings().weight.detach()
    if hasattr(weight, "full_tensor"):
        weight = weight.full_tensor()
    return weight.float().square().mean().sqrt().item()
