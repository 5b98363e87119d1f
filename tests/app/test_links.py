"""Links to databases, and accessions in place of sequences, from a stand-in for UniProt."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from phosphot5.app.accessions import fetch_accessions, given_accessions
from phosphot5.app.links import entry_links
from phosphot5.app.scoring import Limits
from phosphot5.data import Protein
from phosphot5.errors import PhosphoT5Error


@pytest.mark.parametrize("header", ["P04637", "sp|P04637|P53_HUMAN", "GN:TP53|p53|human|P04637"])
def test_links_of_an_accession(header):
    html = entry_links(Protein(id=header, sequence="MSP"))
    for address in (
        "https://www.uniprot.org/uniprotkb/P04637/entry",
        "https://www.phosphosite.org/uniprotAccAction?id=P04637",
        "https://alphafold.ebi.ac.uk/entry/P04637",
    ):
        assert f'<a href="{address}" target="_blank" rel="noopener noreferrer">' in html


def test_isoforms_have_the_structure_of_the_canonical_sequence():
    html = entry_links(Protein(id="P04637-2", sequence="MSP"))
    assert "uniprotkb/P04637-2/entry" in html
    assert 'alphafold.ebi.ac.uk/entry/P04637"' in html


@pytest.mark.parametrize("name", ["protein", "ENSP00000269305.4", '"><b>', "NP_000537.3"])
def test_other_names_have_no_links(name):
    assert entry_links(Protein(id=name, sequence="MSP")) == ""


class Entries(BaseHTTPRequestHandler):
    def do_GET(self):
        accession = self.path.rpartition("/")[2].removesuffix(".fasta")
        self.server.asked.append(accession)
        text = f">sp|{accession}|X_HUMAN of here\nMSPEKTYS\n" if accession.startswith("P") else ""
        self.send_response(200 if text else 404)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def uniprot():
    with ThreadingHTTPServer(("127.0.0.1", 0), Entries) as server:
        server.asked = []
        server.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_accessions_become_sequences(uniprot):
    text = fetch_accessions("p04637, P10636 P04637", Limits(), uniprot.address)
    assert text == ">sp|P04637|X_HUMAN of here\nMSPEKTYS\n>sp|P10636|X_HUMAN of here\nMSPEKTYS\n"
    assert uniprot.asked == ["P04637", "P10636"]


@pytest.mark.parametrize("text", ["", "MSPEKTYS", ">P04637\nMSP", "P04637 MSP"])
def test_for_other_texts_nobody_is_asked(text, uniprot):
    assert given_accessions(text) == []
    assert fetch_accessions(text, Limits(), uniprot.address) == text
    assert uniprot.asked == []


@pytest.mark.parametrize(
    ("text", "base", "message"),
    [
        ("Q00987", "", "Q00987: UniProt has no sequence under this accession; check it"),
        ("P04637", None, "P04637: this page does not ask UniProt for sequences; paste the sequence itself"),
        ("P04637 P04636 P04635", "", "3 proteins are too many for this page, which takes 2"),
        ("P04637", "http://127.0.0.1:9", "http://127.0.0.1:9/uniprotkb/P04637.fasta: no answer"),
    ],
)
def test_what_goes_wrong_is_said(text, base, message, uniprot):
    with pytest.raises(PhosphoT5Error) as error:
        fetch_accessions(text, Limits(proteins=2), base if base != "" else uniprot.address)
    assert str(error.value).startswith(message)
