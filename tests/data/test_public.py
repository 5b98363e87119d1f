"""Public sets: downloads that are checked, kept and gone on with, and the training files that are made of them."""

import gzip
import hashlib
import http.server
import threading
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from phosphot5.cli.main import main
from phosphot5.data import Protein, read_fasta
from phosphot5.data.notations import render
from phosphot5.data.public import fetch as fetching
from phosphot5.data.public.build import CAPSNET, LINGO, MULTISOURCE, MUSITEDEEP, build
from phosphot5.data.public.fetch import Source, fetch, public_sources
from phosphot5.data.public.species import TABLES, Site, label_species, read_sites, study_quality
from phosphot5.data.public.uniprot import fetch_sequences
from phosphot5.errors import InputFormatError, PhosphoT5Error

SHARED = Path(__file__).parents[3] / "shared" / "data"
TAXA = {"DROME": 7227, "MOUSE": 10090}
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
    tables = {f"{TABLES}/phosphorylation@{number:02}.tsv": "" for number in range(81)}
    tables[f"{TABLES}/phosphorylation@07.tsv"] = row("X1_DROME", "X1", sequence(500, "STY"), 97, "1;2")
    tables[f"{TABLES}/phosphorylation@07.tsv"] += row("X3_DROME", "X3", sequence(777, "STY"), 99, "3")
    tables[f"{TABLES}/phosphorylation@08.tsv"] = row("X2_HUMAN", "X2", sequence(501, "STY"), 97, "1")
    return {f"{name}.fasta": text for name, text in files.items()} | tables


def row(name: str, accession: str, protein: str, position: int, publications: str) -> str:
    """A row of a table; the position is counted from 1."""
    padded = "-" * 10 + protein + "-" * 10
    window = padded[position - 1 : position + 20]
    return "\t".join([name, accession, str(position), "Phosphorylation", publications, window]) + "\n"


UNIPROT = {
    name: f">tr|{name}|{name}_DROME One OS=Drosophila melanogaster OX=7227 PE=1 SV=1\n{sequence(seed, 'STY')}\n"
    for name, seed in (("X1", 500), ("X3", 777))
}


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
            if self.path.startswith("/uniprotkb/"):
                asked = parse_qs(urlsplit(self.path).query)["accessions"][0].split(",")
                type(self).asked += asked
                self.reply("".join(UNIPROT.get(accession, "") for accession in asked).encode())
                return
            owner, name, _, *path = unquote(self.path).strip("/").split("/")
            key = "/".join([owner, name, *path])
            type(self).asked.append(key)
            if key not in self.files:
                self.send_error(404)
                return
            self.reply(self.files[key])

        def reply(self, content):
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
    command = ["data", "fetch", "-o", str(made), "--from", server.url, "--uniprot", server.url]
    assert main(command) == 0
    tags = "OX=7227 species=DROME group=insects_and_worms"
    parts = [records(made / "species" / f"{part}.fasta.gz") for part in ("dev", "train")]
    assert list(map(len, parts)) == [1, 1]
    assert parts[0] | parts[1] == {
        f">X1 labelled=ST {tags}": sequence(500, "S#T@Y"),
        f">X3 labelled=Y {tags}": sequence(777, "STY#"),
    }
    assert server.asked[-2:] == ["X1", "X3"]  # and not the human protein
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
    command = ["data", "fetch", "-o", str(tmp_path / "made"), "--from", server.url, "--uniprot", server.url]
    assert main(command) == 1
    *_, line = capsys.readouterr().err.splitlines()
    assert "its content is not that of commit" in line
    assert sources[20].url(server.url) in line
    assert not (tmp_path / "made").exists()
    assert not sources[20].file(tmp_path / "raw").exists()
    server.files[name] = right
    server.asked.clear()
    assert main(command) == 0
    assert len(server.asked) == len(sources) - 20 + 2  # and two accessions


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


def site(species: str, protein: str, position: int, *publications: str) -> Site:
    window = ("-" * 10 + protein + "-" * 10)[position : position + 21]
    return Site(species, "A", position, frozenset(publications), window)


PROTEIN = sequence(7, "SPSTYY")
FIRST = PROTEIN.index("S")


def test_a_study_is_rated_by_the_sites_that_proline_follows():
    sites = [site("MOUSE", PROTEIN, FIRST + offset, "all") for offset in (0, 2, 3)]
    sites += [site("MOUSE", PROTEIN, FIRST, "good"), site("MOUSE", PROTEIN, FIRST + 4, "tyrosines")]
    assert study_quality(sites) == {"all": 6, "good": 20, "tyrosines": 9}


@pytest.mark.parametrize(
    ("species", "publications", "labels"),
    [
        ("DROME", ("poor",), "S@PS#T@YY"),
        ("MOUSE", ("poor",), "SPSTYY"),  # weak: unknown, and nothing else is known either
        ("MOUSE", ("poor", "b", "c"), "S@PS#T@YY"),
        ("MOUSE", ("good",), "S@PS#T@YY"),
    ],
)
def test_weak_sites_of_noisy_species_are_unknown(species, publications, labels):
    sites = {"A": [site(species, PROTEIN, FIRST + 2, *publications)]}
    quality = {"poor": 1, "good": 5, "b": 1, "c": 1}
    head = f"One OS=x OX={TAXA[species]} PE=1"
    entry = Protein(id=f"sp|A|A_{species}", sequence=PROTEIN, description=head)
    found = list(label_species([entry], sites, quality))
    assert [render(protein, "hash") for protein in found] == [sequence(7, labels)] * ("#" in labels)


def test_a_site_counts_where_its_residues_stand():
    entry = Protein(id="A", sequence="M" + PROTEIN, description="OX=7227")
    assert not list(label_species([entry], {"A": [site("DROME", PROTEIN, FIRST)]}, {}))


def test_a_weak_site_beside_a_good_one_is_unknown():
    sites = {"A": [site("MOUSE", PROTEIN, FIRST, "good"), site("MOUSE", PROTEIN, FIRST + 2, "poor")]}
    entry = Protein(id="A", sequence=PROTEIN, description="OX=10090")
    (found,) = label_species([entry], sites, {"good": 9, "poor": 1})
    assert render(found, "hash") == sequence(7, "S#PST@YY")
    assert found.description == "OX=10090 species=MOUSE group=mammals"


def test_a_row_of_another_form_is_one_line(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text(row("X_DROME", "X", PROTEIN, 20, "1") + "X_DROME\tX\ttwenty\t\t\t\n")
    with pytest.raises(InputFormatError, match=r"table.tsv, line 2"):
        list(read_sites([path]))


def test_a_service_that_fails_is_one_line_and_a_second_call_goes_on(server, tmp_path):
    names = [f"A{number:04}" for number in range(150)]
    fetch_sequences(names[:100], tmp_path, server.url)
    server.asked.clear()
    with pytest.raises(
        PhosphoT5Error, match="no answer for A0100 and those after it .*run the command again"
    ):
        fetch_sequences(names, tmp_path, "http://127.0.0.1:9")
    assert fetch_sequences(names, tmp_path, server.url) == 50
    assert server.asked == names[100:]


@pytest.mark.data
@pytest.mark.skipif(not (SHARED / "raw").exists(), reason=f"the raw files are not at {SHARED / 'raw'}")
def test_labels_are_those_of_the_sets_that_the_model_was_trained_on(tmp_path):
    """From the first records of the public files; homologs are left out of both, by other proteins."""
    raw = tmp_path / "raw"
    for source in public_sources():
        sample = SHARED / "raw" / source.repository / source.path
        target = raw / source.repository / source.path
        target.parent.mkdir(parents=True, exist_ok=True)
        empty = b"" if source.path.endswith(".tsv") else b">none\nMKA\n"
        target.write_bytes(sample.read_bytes() if sample.exists() else empty)
    assert len(list(build(raw, tmp_path / "made", {}))) == 17
    compared = 0
    for path in (path for path in (tmp_path / "made").rglob("*.gz") if path.parent.name != "species"):
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
