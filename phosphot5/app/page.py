"""The page itself: what is on it, and what happens when a visitor asks for something."""

import logging
import os
import tempfile
from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import gradio as gr

from phosphot5 import __version__
from phosphot5.app.comparison import COLUMNS as DIFFERENCE_COLUMNS
from phosphot5.app.comparison import Comparison
from phosphot5.app.downloads import DOWNLOADS, WEAKEST_CALL, write_downloads
from phosphot5.app.families import draw_families
from phosphot5.app.scoring import EXAMPLES, Limits, Scored, Scorer, example_text, read_upload
from phosphot5.app.sequence import draw_sequence, summary_text
from phosphot5.app.track import draw_mirrored, draw_track, legend
from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5.families_phosphot5 import KINASE_COLUMNS
from phosphot5.modeling_phosphot5.sites_phosphot5 import COLUMNS

__all__ = ["build_page", "open_page", "serve"]

logger = logging.getLogger(__name__)

MOST_WAITING = 20
"""Visitors in the queue; the next one is told to come back."""
KEPT_SECONDS = 3600
"""How long files to download and results of a visit are kept."""
NUMBERS = {"position", "probability", "fpr", "difference", "kinase_probability", "kinase_fpr"}
NUMBERS |= {f"{name} {variant}" for name in ("position", "probability") for variant in "AB"}
ABOUT_KINASES = """
- **kinase** is the most probable family of kinases, given that the site is phosphorylated, and **kinase_probability**
  its probability; **kinase_fpr** is the share of the other S and T (or Y) of known substrates that score at least as
  high for this family. The TSV and GFF3 are those of `phosphot5 predict --kinases`.
"""
VARIANT = ("P47S", 47, "S")
"""The example of a variant of p53: its name, its position and what stands there."""
HEADER = """<header class="p5-header"><h1>PhosphoT5</h1>
<p>Which serines, threonines and tyrosines of a protein get phosphorylated?</p></header>"""
KINDS_TEXT = "mass-spec: as mass spectrometry of whole proteomes finds them; curated: as UniProtKB lists them"
ABOUT = """
- **probability** is calibrated on validation proteins, for each residue. **fpr** is the share of validation negatives
  of that residue that score at least as high; **call** is `high` at 1 %, `medium` at 5 %, `low` at 10 % of them.
- GFF3 and ProForma list the sites called `{weakest}` or better, the TSV lists all; the files are those of
  `phosphot5 predict`, with the same values.
- A high score at an unmeasured site may be right. Scores say nothing about when or where a site is
  phosphorylated. Not for clinical decisions.
- Your proteins are scored on the machine that serves this page; files are deleted after an hour.

Model: `{model}`, PhosphoT5 {version}. The bundled weights are for non-commercial research.
"""


def serve(
    model: str = "bundled",
    revision: str | None = None,
    host: str | None = None,
    port: int | None = None,
    share: bool = False,
) -> None:
    """Load a model and show its page until the process is stopped.

    Parameters
    ----------
    model : str
        ``bundled``, a folder or a hub id.
    revision : str, optional
        Branch, tag or commit of a hub id.
    host : str, optional
        Address to listen at; by default what ``GRADIO_SERVER_NAME`` says, else this machine only.
    port : int, optional
        By default what ``GRADIO_SERVER_PORT`` says, else the first free one from 7860.
    share : bool
        Open a public address through Gradio's servers.

    Raises
    ------
    PhosphoT5Error
        If the model cannot be loaded or the port is taken.
    """
    page = open_page(Scorer(model, revision), host, port, share)
    logger.info("the page is at %s; Ctrl+C stops it", page.share_url or page.local_url)
    page.block_thread()


def open_page(
    scorer: Scorer, host: str | None = None, port: int | None = None, share: bool = False
) -> gr.Blocks:
    """Start to serve the page and return; nothing is fetched from or reported to other hosts.

    Parameters
    ----------
    scorer : Scorer
        The model.
    host, port, share
        As for `serve`.

    Raises
    ------
    PhosphoT5Error
        If the port is taken.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # the only switch that all of gradio heeds
    page = build_page(scorer)
    try:
        page.queue(max_size=MOST_WAITING, default_concurrency_limit=1, api_open=False).launch(
            server_name=host,
            server_port=port,
            share=share,
            quiet=True,
            prevent_thread_lock=True,
            theme=_theme(),
            css=(resources.files(__package__) / "page.css").read_text(encoding="utf-8"),
            footer_links=["settings"],
            max_file_size=8 * scorer.limits.text_bytes,
            state_session_capacity=200,
            enable_monitoring=False,
            run_history=False,
            ssr_mode=False,
            pwa=False,
        )
    except OSError as error:
        ports = "Ports 7860 to 7959 are" if port is None else f"Port {port} is"
        raise PhosphoT5Error(
            f"{ports} in use or not permitted on {host or 'this machine'}; choose another with --port"
        ) from error
    return page


def _theme() -> gr.themes.Base:
    """Return colours of enough contrast, and fonts that need not be fetched."""
    grey = {"light": "*neutral_600", "dark": "*neutral_300"}
    return gr.themes.Default(
        primary_hue="blue", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    ).set(
        body_text_color_subdued=grey["light"],
        body_text_color_subdued_dark=grey["dark"],
        block_info_text_color=grey["light"],
        block_info_text_color_dark=grey["dark"],
    )


def build_page(scorer: Scorer) -> gr.Blocks:
    """Put the page together.

    Parameters
    ----------
    scorer : Scorer
        The model.
    """
    with gr.Blocks(
        title="PhosphoT5", analytics_enabled=False, delete_cache=(600, KEPT_SECONDS), fill_width=True
    ) as page:
        gr.HTML(HEADER)
        kind = _kind_of_label(scorer)
        with gr.Tabs():
            with gr.Tab("Score proteins"):
                _scoring(scorer, kind)
            with gr.Tab("Compare two variants"):
                _comparing(scorer, kind)
        with gr.Accordion("What the numbers mean", open=False):
            about = ABOUT_KINASES.rstrip() + ABOUT if scorer.families else ABOUT
            gr.Markdown(about.format(model=scorer.name, version=__version__, weakest=WEAKEST_CALL))
    return page


def _kind_of_label(scorer: Scorer) -> gr.Radio:
    """Offer the kinds of label that the model tells apart; hidden if there are none."""
    kinds = scorer.model.config.label_sources
    return gr.Radio(
        kinds,
        value=scorer.model.config.label_source or next(iter(kinds), None),
        label="Sites as in",
        info=KINDS_TEXT,
        visible=bool(kinds),
    )


def _scoring(scorer: Scorer, kind: gr.Radio) -> None:
    """Fill the tab that scores proteins."""
    text = gr.Textbox(
        label="Proteins: FASTA, or one sequence", info=_limits_text(scorer.limits), lines=7, max_lines=14
    )
    with gr.Row(elem_classes="p5-buttons"):
        run = gr.Button("Score", variant="primary", size="md")
        upload = gr.UploadButton(
            "Upload FASTA", size="md", file_types=[".fasta", ".fas", ".faa", ".fa", ".txt"]
        )
        for name, accession in EXAMPLES.items():
            example = gr.Button(f"Example: {name} ({accession})", size="md")
            example.click(lambda accession=accession: example_text(accession), None, text, **_HIDDEN)
    message = gr.HTML()
    scored = gr.State([], time_to_live=KEPT_SECONDS)
    with gr.Column(visible=False) as results:
        choice = gr.Dropdown(label="Protein", visible=False)
        track, sequence = gr.HTML(), gr.HTML()
        best_first = gr.Checkbox(label="Best sites first")
        table = _table(_columns(scorer), "Sites")
        with gr.Row(elem_classes="p5-buttons"):
            files = [gr.DownloadButton(f"Download {name}", size="md") for name in DOWNLOADS]
    shown = [track, sequence, table]

    def score(given: str, best: bool, chosen: str | None) -> list[Any]:
        try:
            found = scorer.score(given, chosen)
        except PhosphoT5Error as error:
            return [_error(error), gr.Column(visible=False), [], gr.skip(), *[gr.skip()] * 3, *[None] * 3]
        names = [(f"{number}. {entry.protein.id}", number - 1) for number, entry in enumerate(found, 1)]
        return [
            _status(_found_text(found)),
            gr.Column(visible=True),
            found,
            gr.Dropdown(choices=names, value=0, visible=len(found) > 1),
            *show(0, best, found),
            *map(str, write_downloads(found, _download_folder(files[0]), bool(scorer.families))),
        ]

    def show(number: int, best: bool, found: Sequence[Scored]) -> list[Any]:
        return _drawn(found[number], best, scorer) if found else [gr.skip()] * len(shown)

    begin = gr.on([run.click, text.submit], _clear, None, [message, results], **_HIDDEN)
    outputs = [message, results, scored, choice, *shown, *files]
    begin.then(score, [text, best_first, kind], outputs, show_progress_on=message, **_MODEL)
    gr.on([choice.input, best_first.input], show, [choice, best_first, scored], shown, **_HIDDEN)
    upload.upload(lambda path: _uploaded(path, scorer.limits), upload, [text, message, results], **_HIDDEN)


def _comparing(scorer: Scorer, kind: gr.Radio) -> None:
    """Fill the tab that compares two variants."""
    with gr.Row():
        texts = [
            gr.Textbox(label=f"Variant {letter}: FASTA, or a sequence", lines=7, max_lines=14)
            for letter in "AB"
        ]
    with gr.Row(elem_classes="p5-buttons"):
        run = gr.Button("Compare", variant="primary", size="md")
        example = gr.Button(f"Example: p53 and its variant {VARIANT[0]}", size="md")
    message = gr.HTML()
    with gr.Column(visible=False) as results:
        track = gr.HTML()
        table = _table(DIFFERENCE_COLUMNS, "Sites of A and B, largest differences first")

    def compare(first: str, second: str, chosen: str | None) -> list[Any]:
        try:
            comparison = Comparison.from_scored(*scorer.score_pair(first, second, chosen))
        except PhosphoT5Error as error:
            return [_error(error), gr.Column(visible=False), gr.skip(), gr.skip()]
        summary = comparison.summary
        label = f"Scores of A point up, those of B down. {summary}"
        marks = comparison.marks
        picture = draw_mirrored(
            *marks, len(comparison.pairs), scorer.table(chosen), label, comparison.changes
        )
        note = '<p class="p5-note">A points up, B down; positions are columns of their alignment.</p>'
        return [
            _status(summary),
            gr.Column(visible=True),
            legend() + note + picture,
            comparison.table(),
        ]

    example.click(_example_pair, None, texts, **_HIDDEN)
    begin = gr.on([run.click, *(text.submit for text in texts)], _clear, None, [message, results], **_HIDDEN)
    begin.then(compare, [*texts, kind], [message, results, track, table], show_progress_on=message, **_MODEL)


_HIDDEN: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""For what happens at once."""
_MODEL: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1, "api_visibility": "private"}
"""For what the model is needed for: one visitor after the other."""


def _table(columns: Sequence[str], label: str) -> gr.Dataframe:
    return gr.Dataframe(
        headers=list(columns),
        datatype=["number" if name in NUMBERS else "str" for name in columns],
        label=label,
        interactive=False,
        max_height=440,
        show_search="search",
        buttons=["copy", "fullscreen"],
    )


def _drawn(entry: Scored, best: bool, scorer: Scorer) -> list[Any]:
    """Return track, sequence and table of a protein, its rows by position or the best first.

    The table sorts itself by any column, but through menus that a keyboard does not reach.
    """
    ordered = sorted(entry.rows, key=lambda row: -row["probability"]) if best else entry.rows
    rows = [[row[column] for column in _columns(scorer)] for row in ordered]
    track = legend() + draw_track(entry, scorer.table(entry.kind)) + draw_families(entry, scorer.families)
    return [track, draw_sequence(entry), rows]


def _columns(scorer: Scorer) -> tuple[str, ...]:
    """Return the columns of the table of sites."""
    return (*COLUMNS, *KINASE_COLUMNS) if scorer.families else COLUMNS


def _download_folder(button: gr.DownloadButton) -> Path:
    """Make a folder where Gradio serves files from, and deletes them in time."""
    Path(button.GRADIO_CACHE).mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=button.GRADIO_CACHE))


def _clear() -> list[Any]:
    """Leave nothing of the run before on the page."""
    return ["", gr.Column(visible=False)]


def _uploaded(path: str, limits: Limits) -> list[Any]:
    try:
        return [read_upload(path, limits), *_clear()]
    except PhosphoT5Error as error:
        return ["", _error(error), gr.Column(visible=False)]


def _example_pair() -> list[str]:
    """Return p53, and the variant that is known to be phosphorylated less at the serine beside it."""
    name, position, residue = VARIANT
    header, *lines = example_text(EXAMPLES["p53"]).splitlines()
    sequence = "".join(lines)
    changed = sequence[: position - 1] + residue + sequence[position:]
    folded = [changed[start : start + 60] for start in range(0, len(changed), 60)]
    accession = EXAMPLES["p53"]
    return ["\n".join([header, *lines]), "\n".join([f">{accession}_{name} p53 with {name}", *folded])]


def _limits_text(limits: Limits) -> str:
    return f"At most {limits.proteins:,} proteins and {limits.residues:,} residues at a time."


def _found_text(found: Sequence[Scored]) -> str:
    if len(found) == 1:
        return f"{found[0].protein.id}: {summary_text(found[0])}"
    residues, sites = sum(len(entry.protein) for entry in found), sum(len(entry.rows) for entry in found)
    return (
        f"{len(found)} proteins with {residues:,} residues and {sites:,} sites; the files list all of them."
    )


def _status(text: str) -> str:
    return f'<p role="status" class="p5-status">{escape(text)}</p>'


def _error(error: PhosphoT5Error) -> str:
    return f'<p role="alert" class="p5-error"><b>Not scored.</b> {escape(str(error))}</p>'
