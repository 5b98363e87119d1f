"""Public sets: downloads that are checked, kept and gone on with, and the training files that are made of them."""

import gzip
import hashlib
import http.server
import threading
from pathlib import Path
from urllib.parse import unquote

import pytest

from phosphot5.cli.main import main
from phosphot5.data import read_fasta
from phosphot5.data.public import fetch as fetching
from phosphot5.data.public.build import CAPSNET, LINGO, MULTISOURCE, MUSITEDEEP, build
from phosphot5.data.public.fetch import Source, fetch, public_sources
from phosphot5.errors import PhosphoT5Error

SHARED = Path(__file__).parents[3] / "shared" / "data"
FILLER = "ACDEFGHIKLMNPQRVW"


def sequence(seed: int, marked: str) -> str:
    """A protein that no other one resembles, which ends in the marked residues."""
    digest = hashlib.sha256(str(seed).encode()).digest() * 3
    return "".join(FILLER[byte % len(FILLER)] for byte in digest) + marked


def raw_files() -> dict[str, str]:
    """Small files with the places and forms of the public ones."""
    st = {f"{MULTISOURCE}/ST/fold{fold}": f">T{fold}\n{sequence(fold, 'S#T@Y')}\n" for fold in range(10)}
    st[f"{MULTISOURCE}/ST/fold0"] += f">TEST\n{sequence(100, 'S#T@Y')}\n>VALID\n{sequence(101, 'S@T#Y')}\n"
    files = st | {
        f"{MULTISOURCE}/ST/test": f">TEST\n{sequence(100, 'S#T@Y')}\n",
        f"{MULTISOURCE}/Y/test": f">TEST\n{sequence(100, 'STY#')}\n",
        f"{MULTISOURCE}/ST/valid": f">VALID\n{sequence(101, 'S@T#Y')}\n",
        f"{MULTISOURCE}/Y/valid": f">VALID\n{sequence(101, 'STY@')}\n",
    }
    for fold in range(10):
        files[f"{LINGO}/Scop3P/ST/PF/fold{fold}"] = f">C{fold}\n{sequence(200 + fold, 'S#S@Y')}\n"
        files[f"{LINGO}/Scop3P/Y/PF/fold{fold}"] = f">C{fold}\n{sequence(200 + fold, 'SSY@')}\n"
        files[f"{CAPSNET}/metazoa_sequences_cross_testing_annotated_{fold}"] = (
            f">sp|P{fold}|X_MOUSE A protein OS=Mus musculus GN=X\n{sequence(300 + fold, 'S#TY')}\n"
        )
    files[f"{LINGO}/Scop3P/ST/PF/fold3"] += f">VALID\n{sequence(101, 'S#T@Y')}\n"
    # a homolog of the test protein: a residue more
    files[f"{LINGO}/Scop3P/ST/PF/fold4"] += f">NEAR\n{'A' + sequence(100, 'S#TY')}\n"
    files[f"{MUSITEDEEP}/train_allspecies_sequences_annotated"] = (
        f">sp|Q1|Q1_HUMAN One OS=Homo sapiens OX=9606 GN=A\n{sequence(400, 'SY#Y')}\n"
    )
    return {f"{name}.fasta": text for name, text in files.items()}


def blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@pytest.fixture
def server():
    """A loopback server of the raw files, at ``url``; ``files`` is what it has, ``asked`` what it was asked for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        files: dict[str, bytes] = {}
        asked: list[str] = []
        promised = 0

        def do_GET(self):
            owner, name, _, *path = unquote(self.path).strip("/").split("/")
            key = "/".join([owner, name, *path])
            type(self).asked.append(key)
            if key not in self.files:
                self.send_error(404)
                return
            content = self.files[key]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content) + self.promised))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    Handler.files, Handler.asked = {k: v.encode() for k, v in raw_files().items()}, []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        Handler.url = f"http://127.0.0.1:{made.server_port}"
        yield Handler
        made.shutdown()


@pytest.fixture
def sources(monkeypatch) -> list[Source]:
    """The packaged list, with the ids of the small files."""
    small = raw_files()
    made = []
    for source in public_sources():
        content = small[f"{source.repository}/{source.path}"].encode()
        made.append(Source(source.repository, source.commit, source.path, blob(content), len(content)))
    assert len(made) == len(small)
    monkeypatch.setattr(fetching, "public_sources", lambda: made)
    return made


def records(path: Path) -> dict[str, str]:
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    return dict(zip(lines[::2], lines[1::2], strict=True))


def test_fetch_makes_training_files(server, sources, tmp_path, capsys):
    made = tmp_path / "phosphosites"
    assert main(["data", "fetch", "-o", str(made), "--from", server.url]) == 0
    assert records(made / "multisource" / "test.fasta.gz") == {">TEST labelled=STY": sequence(100, "S#T@Y#")}
    assert records(made / "multisource" / "valid.fasta.gz") == {
        ">VALID labelled=STY": sequence(101, "S@T#Y@")
    }
    assert list(records(made / "multisource" / "train_fold0.fasta.gz")) == [">T0 labelled=ST"]
    scop3p = records(made / "scop3p" / "train.fasta.gz")
    assert scop3p[">C3 labelled=SY"] == sequence(203, "S#S@Y@")
    assert len(scop3p) == 10  # without VALID and NEAR
    assert records(made / "musitedeep" / "Y_train.fasta.gz") == {
        ">Q1 labelled=Y OX=9606": sequence(400, "SY#Y@")
    }
    assert records(made / "curated" / "ST_train.fasta.gz")[">P3 labelled=ST"] == sequence(303, "S#T@Y")
    told = capsys.readouterr().out
    assert (
        "scop3p/train.fasta.gz: 10 proteins; left out: 1 protein of the sets to measure on and 1 homolog"
        in told
    )
    for path in made.rglob("*.gz"):
        assert list(read_fasta(str(path), notation="hash"))


def test_a_second_call_asks_for_nothing(server, sources, tmp_path):
    assert fetch(sources, tmp_path, server.url) == len(sources)
    server.asked.clear()
    assert fetch(sources, tmp_path, server.url) == 0
    assert server.asked == []


def test_a_changed_byte_is_one_line_and_what_came_before_stays(server, sources, tmp_path, capsys):
    name = f"{sources[20].repository}/{sources[20].path}"
    right = server.files[name]
    server.files[name] = right.replace(b"S", b"T", 1)
    command = ["data", "fetch", "-o", str(tmp_path / "made"), "--from", server.url]
    assert main(command) == 1
    *_, line = capsys.readouterr().err.splitlines()
    assert "its content is not that of commit" in line
    assert sources[20].url(server.url) in line
    assert not (tmp_path / "made").exists()
    assert not sources[20].file(tmp_path / "raw").exists()
    server.files[name] = right
    server.asked.clear()
    assert main(command) == 0
    assert len(server.asked) == len(sources) - 20


def test_a_missing_file_is_one_line(server, sources, tmp_path):
    del server.files[f"{sources[3].repository}/{sources[3].path}"]
    with pytest.raises(
        PhosphoT5Error, match=r"fold\d.fasta: cannot be downloaded \(404 .*run the command again"
    ):
        fetch(sources, tmp_path, server.url)


def test_a_download_that_breaks_off_is_one_line(server, sources, tmp_path):
    server.promised = 5
    with pytest.raises(PhosphoT5Error, match="cannot be downloaded .*run the command again"):
        fetch(sources, tmp_path, server.url)
    assert not list(tmp_path.rglob("*.part"))
    server.promised = 0
    assert fetch(sources, tmp_path, server.url) == len(sources)


def test_a_server_that_is_not_there_is_one_line(sources, tmp_path):
    with pytest.raises(PhosphoT5Error, match="cannot be downloaded"):
        fetch(sources, tmp_path, "http://127.0.0.1:9")


@pytest.mark.data
@pytest.mark.skipif(not (SHARED / "raw").exists(), reason=f"the raw files are not at {SHARED / 'raw'}")
def test_labels_are_those_of_the_sets_that_the_model_was_trained_on(tmp_path):
    """From the first records of the public files; homologs are left out of both, by other proteins."""
    raw = tmp_path / "raw"
    for source in public_sources():
        sample = SHARED / "raw" / source.repository / source.path
        target = raw / source.repository / source.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(sample.read_bytes() if sample.exists() else b">none\nMKA\n")
    assert len(list(build(raw, tmp_path / "made"))) == 15
    compared = 0
    for path in (tmp_path / "made").rglob("*.gz"):
        name = path.relative_to(tmp_path / "made")
        theirs = {p.id: p for p in read_fasta(str(SHARED / "phosphosites" / name), notation="hash")}
        for protein in read_fasta(str(path), notation="hash"):
            if protein.id in theirs:
                assert protein.sequence == theirs[protein.id].sequence
                labelled = {r for r, s in zip(protein.sequence, protein.states, strict=True) if s}
                for letter, ours, state in zip(
                    protein.sequence, protein.states, theirs[protein.id].states, strict=True
                ):
                    assert ours == state or letter not in labelled
                compared += 1
    assert compared > 60
