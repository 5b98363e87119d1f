"""The page itself: what is on it, and what happens when a visitor asks for something."""

import logging
import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import gradio as gr

from phosphot5.app.accessions import fetch_accessions, given_accessions
from phosphot5.app.comparison import Comparison
from phosphot5.app.downloads import DOWNLOADS, write_downloads
from phosphot5.app.line import Line, Place
from phosphot5.app.results import (
    draw_comparison,
    draw_error,
    draw_ranking,
    draw_result,
    draw_status,
    found_text,
)
from phosphot5.app.scoring import EXAMPLES, Limits, Scored, Scorer, example_text, read_upload
from phosphot5.app.texts import (
    HEADER,
    KINDS_TEXT,
    OLD,
    VARIANT,
    about_text,
    example_pair,
    limits_text,
    proteins_label,
)
from phosphot5.data.public.uniprot import UNIPROT
from phosphot5.errors import PhosphoT5Error
from phosphot5.prediction.html_report import site_table
from phosphot5.wording import counted

__all__ = ["build_page", "open_page", "serve"]

logger = logging.getLogger(__name__)

MOST_WAITING = 60
"""Visitors who wait for the model; the next one is told to come back."""
KEPT_SECONDS = 3600
"""How long files to download and results of a visit are kept."""
BLUE, DARK_BLUE = "#0063a0", "#004b7a"
"""Of buttons, under white letters."""
MOUNT = "phosphoT5.mount(element, trigger, watch);"


def serve(
    model: str = "bundled",
    revision: str | None = None,
    host: str | None = None,
    port: int | None = None,
    share: bool = False,
    uniprot: bool = True,
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
    uniprot : bool
        Take accessions, whose sequences UniProt is asked for.

    Raises
    ------
    PhosphoT5Error
        If the model cannot be loaded or the port is taken.
    """
    page = open_page(Scorer(model, revision), host, port, share, UNIPROT if uniprot else None)
    logger.info("the page is at %s; Ctrl+C stops it", page.share_url or page.local_url)
    page.block_thread()


def open_page(
    scorer: Scorer,
    host: str | None = None,
    port: int | None = None,
    share: bool = False,
    uniprot: str | None = UNIPROT,
) -> gr.Blocks:
    """Start to serve the page and return; nothing is reported to other hosts, and none but UniProt is asked.

    Parameters
    ----------
    scorer : Scorer
        The model.
    host, port, share
        As for `serve`.
    uniprot : str or None
        Address of the service that is asked for the sequences of accessions; None if the page takes none.

    Raises
    ------
    PhosphoT5Error
        If the port is taken.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # the only switch that all of gradio heeds
    page = build_page(scorer, uniprot)
    try:
        page.queue(default_concurrency_limit=None, api_open=False).launch(
            server_name=host,
            server_port=port,
            share=share,
            quiet=True,
            prevent_thread_lock=True,
            theme=_theme(),
            css=site_table("css") + _packaged("page.css"),
            head=f"<script>{site_table('js')}{_packaged('picture.js')}{_packaged('page.js')}</script>",
            footer_links=["settings"],
            max_file_size=8 * scorer.limits.text_bytes,
            state_session_capacity=200,
            max_threads=MOST_WAITING + 20,
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


def _packaged(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


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
        button_primary_background_fill=BLUE,
        button_primary_background_fill_dark=BLUE,
        button_primary_background_fill_hover=DARK_BLUE,
        button_primary_background_fill_hover_dark=DARK_BLUE,
    )


def build_page(scorer: Scorer, uniprot: str | None = UNIPROT) -> gr.Blocks:
    """Put the page together.

    Parameters
    ----------
    scorer : Scorer
        The model.
    uniprot : str or None
        As for `open_page`.
    """
    with gr.Blocks(
        title="PhosphoT5", analytics_enabled=False, delete_cache=(600, KEPT_SECONDS), fill_width=True
    ) as page:
        gr.HTML(HEADER)
        line = Line(MOST_WAITING)
        kind = _kind_of_label(scorer)
        with gr.Tabs():
            with gr.Tab("Score proteins"):
                _ScoringTab(scorer, line, kind, uniprot)
            with gr.Tab("Compare two variants"):
                _ComparingTab(scorer, line, kind, uniprot)
        with gr.Accordion("What the numbers mean", open=False):
            gr.Markdown(about_text(scorer, uniprot))
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


_HIDDEN: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""For what happens at once."""
_IN_LINE: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""For what takes a while and says itself how far it is."""


class _ScoringTab:
    """The tab that scores proteins: its fields, its results, and what happens."""

    def __init__(self, scorer: Scorer, line: Line, kind: gr.Radio, uniprot: str | None) -> None:
        self.scorer, self.line = scorer, line
        self.text = gr.Textbox(
            label=proteins_label(uniprot), info=limits_text(scorer.limits, uniprot), lines=7, max_lines=14
        )
        self.known = gr.Textbox(
            label="Known sites (optional)",
            info="S15, T18; for several proteins a line each: P04637 S15. The others are scored given these. "
            "A table, GFF3 or marked FASTA is read as well.",
            elem_id="p5-known",
            max_lines=6,
        )
        with gr.Row(elem_classes="p5-buttons"):
            self.run = gr.Button("Score", variant="primary", size="md", elem_id="p5-score")
            endings = [".fasta", ".fas", ".faa", ".fa", ".txt"]
            self.upload = gr.UploadButton("Upload FASTA", size="md", file_types=endings)
            for name, accession in EXAMPLES.items():
                example = gr.Button(f"Example: {name} ({accession})", size="md")
                filled = partial(lambda accession: [example_text(accession), ""], accession)
                example.click(filled, None, [self.text, self.known], **_HIDDEN)
        self.message = gr.HTML()
        self.scored = gr.State([], time_to_live=KEPT_SECONDS)
        with gr.Column(visible=False) as self.results:
            with gr.Row(elem_classes="p5-buttons"):
                self.files = [gr.DownloadButton(f"Download {name}", size="md") for name in DOWNLOADS]
            self.ranking = gr.HTML(js_on_load=MOUNT, apply_default_css=False, elem_classes="p5-maybe")
            self.choice = gr.Dropdown(label="Protein", visible=False)
            self.result = gr.HTML(js_on_load=MOUNT, apply_default_css=False)
        self._wire(kind, uniprot)

    def _wire(self, kind: gr.Radio, uniprot: str | None) -> None:
        shown = [self.message, self.results, self.ranking, self.result]
        triggers = [self.run.click, self.text.submit, self.known.submit]
        begin = gr.on(triggers, _clear, None, shown, **_HIDDEN)
        fetched, problem = _fetch_before(begin, [self.text], self.message, self.scorer.limits, uniprot)
        outputs = [*shown, self.scored, self.choice, *self.files]
        given = [problem, self.text, self.known, kind, self.choice, self.scored]
        fetched.then(self._score, given, outputs, **_IN_LINE)
        self.choice.input(self._show, [self.choice, self.scored], [self.message, self.result], **_HIDDEN)
        self.ranking.select(self._go, self.scored, [self.message, self.choice, self.result], **_HIDDEN)
        self.upload.upload(self._uploaded, self.upload, [self.text, *shown], **_HIDDEN)

    def _score(
        self,
        problem: str,
        text: str,
        known: str,
        kind: str | None,
        number: int | None,
        before: Sequence[Scored],
    ) -> Iterator[list[Any]]:
        nothing = [*_clear()[1:], [], gr.skip(), *[None] * len(self.files)]
        done = yield from _served(self.line, problem, nothing, partial(self.scorer.score, text, kind, known))
        if done is None:
            return
        found, note = done
        names = [(f"{at}. {entry.protein.id}", at - 1) for at, entry in enumerate(found, 1)]
        same = [entry.protein.id for entry in before] == [entry.protein.id for entry in found]
        number = number if number and same else 0
        folder = _download_folder(self.files[0])
        yield [
            draw_status(found_text(found) + note),
            gr.Column(visible=True),
            draw_ranking(found),
            self._draw(number, found),
            found,
            gr.Dropdown(choices=names, value=number, visible=len(found) > 1),
            *map(str, write_downloads(found, folder, bool(self.scorer.families))),
        ]

    def _draw(self, number: int, found: Sequence[Scored], site: int | None = None) -> str:
        return draw_result(found, number, self.scorer.table(found[number].kind), self.scorer.families, site)

    def _show(self, number: int, found: Sequence[Scored]) -> list[Any]:
        return [gr.skip(), self._draw(number, found)] if found else [OLD, gr.skip()]

    def _go(self, found: Sequence[Scored], event: gr.EventData) -> list[Any]:
        """Show the site of a row of the ranking."""
        if not found:
            return [OLD, gr.skip(), gr.skip()]
        number = min(max(int(event.protein), 0), len(found) - 1)
        return [gr.skip(), number, self._draw(number, found, int(event.site))]

    def _uploaded(self, path: str) -> list[Any]:
        try:
            return [read_upload(path, self.scorer.limits), *_clear()]
        except PhosphoT5Error as error:
            return ["", draw_error(error), *_clear()[1:]]


class _ComparingTab:
    """The tab that compares two variants."""

    def __init__(self, scorer: Scorer, line: Line, kind: gr.Radio, uniprot: str | None) -> None:
        self.scorer, self.line = scorer, line
        with gr.Row():
            texts = [
                gr.Textbox(
                    label=f"Variant {letter}: FASTA, or a sequence", lines=7, max_lines=14, min_width=300
                )
                for letter in "AB"
            ]
        changes = gr.Textbox(
            label="Or, in place of variant B, changes of A",
            info="P47S or p.Pro47Ser, p.Lys24del, p.His4_Gln5insAla: HGVS notations with commas between.",
            max_lines=4,
        )
        with gr.Row(elem_classes="p5-buttons"):
            run = gr.Button("Compare", variant="primary", size="md")
            pair = gr.Button(f"Example: p53 and its variant {VARIANT[0]}", size="md")
            in_words = gr.Button(f"Example: {VARIANT[0]} in words", size="md")
        message = gr.HTML()
        with gr.Column(visible=False) as results:
            result = gr.HTML(js_on_load=MOUNT, apply_default_css=False)
        fields, shown = [*texts, changes], [message, results, result]
        pair.click(lambda: [*example_pair(), ""], None, fields, **_HIDDEN)
        in_words.click(lambda: [example_pair()[0], "", VARIANT[0]], None, fields, **_HIDDEN)
        triggers = [run.click, *(field.submit for field in fields)]
        begin = gr.on(triggers, lambda: _clear()[:3], None, shown, **_HIDDEN)
        fetched, problem = _fetch_before(begin, texts, message, scorer.limits, uniprot)
        given = [problem, *fields, kind]
        fetched.then(self._compare, given, shown, **_IN_LINE)

    def _compare(
        self, problem: str, first: str, second: str, changes: str, kind: str | None
    ) -> Iterator[list[Any]]:
        def compare() -> Comparison:
            return Comparison.from_scored(*self.scorer.score_pair(first, second, changes, kind))

        comparison = yield from _served(self.line, problem, _clear()[1:3], compare)
        if comparison is None:
            return
        picture = draw_comparison(comparison, self.scorer.table(kind))
        yield [draw_status(comparison.summary), gr.Column(visible=True), picture]


def _fetch_before(
    begin: Any, texts: list[gr.Textbox], message: gr.HTML, limits: Limits, uniprot: str | None
) -> tuple[Any, gr.State]:
    """Put sequences in the place of accessions; returns the event, and what went wrong, mostly nothing."""
    problem = gr.State("")

    def fetch(*given: str) -> Iterator[list[Any]]:
        asked = [name for text in given for name in given_accessions(text)] if uniprot else []
        if asked:
            told = draw_status(f"Asking UniProt for {counted(len(asked), 'sequence')}.")
            yield [told, "", *[gr.skip()] * len(given)]
        try:
            yield ["", "", *(fetch_accessions(text, limits, uniprot) for text in given)]
        except PhosphoT5Error as error:
            yield ["", draw_error(error), *given]

    event = begin.then(fetch, texts, [message, problem, *texts], **_IN_LINE, concurrency_limit=10)
    return event, problem


def _served(
    line: Line, problem: str, nothing: list[Any], work: Callable[[], Any]
) -> Generator[list[Any], None, Any]:
    """Do what a visitor asks for in turn; where that fails, say why beside ``nothing``, and return None."""
    if problem:
        yield [problem, *nothing]
        return None
    try:
        with line.place() as place:
            yield from _waited(place, len(nothing))
            return work()
    except PhosphoT5Error as error:
        yield [draw_error(error), *nothing]
        return None


def _waited(place: Place, others: int) -> Iterator[list[Any]]:
    """Say how many visitors are before this one until it is their turn; leave the other outputs as they are."""
    while ahead := place.wait():
        yield [draw_status(f"Waiting: {counted(ahead, 'visitor')} before you."), *[gr.skip()] * others]
    yield [draw_status("Scoring."), *[gr.skip()] * others]
    place.begin()


def _download_folder(button: gr.DownloadButton) -> Path:
    """Make a folder where Gradio serves files from, and deletes them in time."""
    Path(button.GRADIO_CACHE).mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=button.GRADIO_CACHE))


def _clear() -> list[Any]:
    """Leave nothing of the run before on the page."""
    return ["", gr.Column(visible=False), "", ""]
