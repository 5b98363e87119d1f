"""predict with accessions of UniProt instead of a file, against a server on this machine; other files of sequences."""

import csv
import http.server
import threading

import pytest

from phosphot5.cli.main import main

SEQUENCES = {"Q11111": "MGSLPKTAEYVRSDSPGRLK", "Q22222": "MAEKVDSTGRPLYEDK", "Q11111-2": "MGSLPKTAEYVR"}


class Service(http.server.BaseHTTPRequestHandler):
    """UniProt's REST service with a few entries; P00000 fails, P99999 is an entry that was deleted."""

    def do_GET(self):
        name = self.path.removeprefix("/uniprotkb/").removesuffix(".fasta")
        status = 200 if name in SEQUENCES or name == "P99999" else 500 if name == "P00000" else 404
        text = f">sp|{name}|X_TEST made up OS=Homo sapiens\n{SEQUENCES[name]}\n" if name in SEQUENCES else ""
        self.server.asked.append(self.path)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def service():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def rows(path):
    with open(path, encoding="utf-8") as handle:
        return [(row["protein"], row["position"]) for row in csv.DictReader(handle, delimiter="\t")]


def test_accessions(service, tmp_path):
    output = str(tmp_path / "o.tsv")
    assert main(["predict", "Q22222", "q11111", "Q11111-2", "--uniprot", service.url, "-o", output]) == 0
    assert service.asked == [f"/uniprotkb/{name}.fasta" for name in ("Q22222", "Q11111", "Q11111-2")]
    proteins = [name.split("|")[1] for name, _ in rows(output)]
    assert list(dict.fromkeys(proteins)) == ["Q22222", "Q11111", "Q11111-2"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["P04637"], "P04637: UniProt has no sequence under this accession; check it"),
        (["Q11111", "P99999"], "P99999: UniProt has no sequence under this accession; check it"),
        (
            ["P00000"],
            "P00000.fasta: status 500 and no FASTA; without a network, download the FASTA file elsewhere",
        ),
        (["Q11111", "none.fasta"], "Q11111 and none.fasta: give one file, or accessions of UniProt only"),
        (["none.fasta"], "--uniprot has no effect for a file of sequences; remove it"),
    ],
)
def test_what_is_not_answered(service, capsys, arguments, message):
    assert main(["predict", *arguments, "--uniprot", service.url]) == 1
    assert message in capsys.readouterr().err


def test_no_network(capsys, service):
    service.server_close()
    assert main(["predict", "Q11111", "--uniprot", "http://127.0.0.1:9"]) == 1
    error = capsys.readouterr().err
    assert "http://127.0.0.1:9/uniprotkb/Q11111.fasta: no answer" in error
    assert "download the FASTA file elsewhere" in error


def test_a_file_with_the_name_of_an_accession_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Q11111").write_text(">a\nMSTY\n")
    assert main(["predict", "Q11111", "-o", "o.tsv"]) == 0
    assert rows("o.tsv") == [("a", "2"), ("a", "3"), ("a", "4")]


def test_other_files_of_sequences(tmp_path):
    pytest.importorskip("Bio")
    (tmp_path / "a.pdb").write_text(
        f"{'HEADER    SIGNALING PROTEIN':62}1TST\n{'SEQRES   1 A    3  MET SEP TYR':80}\n"
    )
    assert main(["predict", str(tmp_path / "a.pdb"), "-o", str(tmp_path / "o.tsv")]) == 0
    assert rows(tmp_path / "o.tsv") == [("1TST:A", "2"), ("1TST:A", "3")]
