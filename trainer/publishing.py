"""The Trainer's ways to the Hub: whole models in one commit each, with our card, in training as well."""

import logging
import shutil
import sys
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi
from transformers import Seq2SeqTrainer
from transformers.trainer_callback import TrainerState
from transformers.trainer_utils import HubStrategy
from transformers.utils import PushInProgress

from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card import Published, push_folder, write_card
from phosphot5.hub_card.bounded_retries import bounded_retries
from phosphot5.hub_card.hub_errors import CLIENT_ERRORS, explain
from phosphot5.hub_card.model_folder import LEFT_OUT_SUFFIXES
from phosphot5.record.run_record import NOT_RECORDED, RECORD_FILE, RunRecord

from .arguments import PhosphoT5TrainingArguments

__all__ = ["PublishingTrainer"]

STATE_FILE = "trainer_state.json"

logger = logging.getLogger(__name__)


class PublishingTrainer(Seq2SeqTrainer):
    """A Seq2SeqTrainer whose pushes are complete: each is one commit that loads without the package.

    transformers' own upload a folder in several commits if it is large, of which only the last one loads,
    leaves out the code files in training, and adds a pickle.
    """

    args: PhosphoT5TrainingArguments
    model: Any  # a PhosphoT5ForConditionalGeneration, adapted or wrapped: of the package or of the Hub's code
    hub_model_id: Any  # a str once init_hf_repo has run
    push_in_progress: Any  # a PushInProgress, or None
    record: RunRecord | None = None
    """What is known of the training; opened when it begins, unless it was given before."""

    def init_hf_repo(self, token: str | None = None, private: bool | None = None) -> None:
        """Create the repository of ``args.hub_model_id``, or of the output folder's name, in the main process.

        Parameters
        ----------
        token : str, optional
            Access token; the default is ``args.hub_token``.
        private : bool, optional
            Whether a new repository is private; the default is ``args.hub_private_repo``.

        Raises
        ------
        PhosphoT5Error
            If the Hub refuses or cannot be reached: before any time is spent on training.
        """
        try:
            with bounded_retries():
                super().init_hf_repo(token, private)
        except CLIENT_ERRORS as error:
            name = self.args.hub_model_id or Path(self.args.output_dir).absolute().name
            raise explain(error, name, HfApi().endpoint) from error

    def push_to_hub(  # type: ignore[override]  # options of the card have no meaning here
        self,
        commit_message: str | None = "End of training",
        blocking: bool = True,
        token: str | None = None,
        revision: str | None = None,
        private: bool | None = None,
        create_pr: bool = False,
        tag: str | None = None,
        **kwargs: Any,
    ) -> Published | str | Future | None:
        """Save the model into the output folder, write its card and push the folder in one commit.

        Parameters
        ----------
        commit_message : str, optional
            Title of the commit.
        blocking : bool
            Whether to wait for the end; else a future of the result is returned.
        token, private
            As for :meth:`init_hf_repo`.
        revision, create_pr, tag
            As for :func:`~phosphot5.hub_card.push_folder`; the default branch is ``args.hub_revision``.
        **kwargs
            Facts for transformers' card, without meaning here.

        Returns
        -------
        Published or concurrent.futures.Future or None
            What was done; None in all but the main process.

        Raises
        ------
        PhosphoT5Error
            If the Hub refuses or cannot be reached. The model is saved by then: push the output folder again.
        """
        self.callback_handler.on_push_begin(self.args, self.state, self.control)
        if self.hub_model_id is None:
            self.init_hf_repo(token, private)
        self._finish_current_push()  # it reads the files that are written now
        self.save_model(_internal_call=True)
        if not self.is_world_process_zero():
            return None
        folder = Path(self.args.output_dir)
        if not (folder / RECORD_FILE).is_file():  # a model that was not trained here
            RunRecord.start(sys.argv[:1], {}, self.args.seed, base_model=NOT_RECORDED).save(
                folder / RECORD_FILE
            )
        self.create_model_card()
        push = partial(
            push_folder,
            folder,
            self.hub_model_id,
            private=bool(self.args.hub_private_repo if private is None else private),
            revision=revision or self.args.hub_revision,
            create_pr=create_pr,
            tag=tag,
            token=token or self.args.hub_token,
            message=commit_message,
        )
        return push() if blocking else HfApi().run_as_future(push)

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Write the model card from the run record in the output folder, in place of transformers' own.

        A card that cannot be written is reported as a warning: it never costs a training.

        Parameters
        ----------
        *args, **kwargs
            Facts for transformers' card, without meaning here.
        """
        folder = Path(self.args.output_dir)
        if not self.is_world_process_zero() or not (folder / RECORD_FILE).is_file():
            return
        try:
            write_card(folder, self.hub_model_id)
        except PhosphoT5Error as error:
            logger.warning("no model card was written: %s", error)

    def _push_from_checkpoint(self, checkpoint_folder: str) -> None:
        """Push a checkpoint in the background, as ``args.hub_strategy`` says.

        The strategies that push checkpoints to resume from (``checkpoint`` and ``all_checkpoints``) are left
        to transformers.
        """
        if self.args.hub_strategy != HubStrategy.EVERY_SAVE:
            super()._push_from_checkpoint(checkpoint_folder)
            return
        if not self.is_world_process_zero():
            return
        running = self.push_in_progress is not None and not self.push_in_progress.is_done()
        if running and not self.args.hub_always_push:
            return  # the next checkpoint goes up
        self._finish_current_push()  # it reads the files that are written now
        self.callback_handler.on_push_begin(self.args, self.state, self.control)
        folder = Path(self.args.output_dir)
        for file in Path(checkpoint_folder).iterdir():
            if file.is_file() and file.suffix not in LEFT_OUT_SUFFIXES and file.name != STATE_FILE:
                shutil.copy(file, folder / file.name)  # a checkpoint may be removed while it is uploaded
        push = partial(
            push_folder,
            folder,
            self.hub_model_id,
            private=bool(self.args.hub_private_repo),
            revision=self.args.hub_revision,
            token=self.args.hub_token,
            message=f"Training in progress, {_progress(self.state)}",
            in_training=True,
        )
        self.push_in_progress = PushInProgress([HfApi().run_as_future(push)])  # type: ignore[arg-type]  # takes a list of these

    def _finish_current_push(self) -> None:
        """Wait for the push of a checkpoint."""
        super()._finish_current_push()
        self._report_failed_push()

    def _report_failed_push(self) -> None:
        """Tell of a checkpoint that was not pushed: it never costs a training."""
        running = getattr(self, "push_in_progress", None)
        for job in running.jobs if running is not None else ():
            if job.done() and (error := job.exception()) is not None:
                logger.warning("a checkpoint was not pushed; training continues: %s", error)
        self.push_in_progress = None


def _progress(state: TrainerState) -> str:
    return f"step {state.global_step}, epoch {state.epoch:.2f}"
