"""Damaged inputs by the thousand: each is accounted for, or refused in one line; nothing else gets out."""

import io
import random
import re
from pathlib import Path

import pytest

from phosphot5.data import Ledger, read_fasta
from phosphot5.data.convert import Converter, ConvertOptions
from phosphot5.data.sequences import read_sequences
from phosphot5.errors import PhosphoT5Error
from phosphot5.prediction.known_sites import KnownSites

LONGEST_MESSAGE = 300
SEQUENCE = "MKASPEKTPLLYRSGDERTASPK"
FASTA = f">sp|Q00001|AAA_HUMAN made up\n{SEQUENCE}\n>Q00002 other\nMSTYPLRRAS\nVAEKSPQDDE*\n>e-3\nM-S.T\n"
PROTEINS = FASTA.replace("-S.", "S")
TOKENS = [
    "\t", "\n", "\r\n", " ", "\0", "\x1b[2J", "\x85", "\u2028", "\ufeff", "\u0664", "9" * 5000, "-1", "0", "1e9", "NaN",
    "#", "@", ">", "*", "-", ";", ",", ":", "|", "%", '"', "'", "(", ")", "[", "]", "{", "}", "<", "/", "^", "?", "=",
    "S", "T", "Y", "p", "x", "é", "\udcff", "[Phospho]", "[Phospho]^9?", "S#", "Q00001", "REV__", "K12-ac", "S4;T8",
]  # fmt: skip
NUMBERS = ["0", "5", "8.0", "2,5", "-1", "1e3", "9" * 5000, "\u0664", "\xb2", "1_0", "nan", "inf", ""]

MAXQUANT = (
    "Proteins\tPositions within proteins\tLeading proteins\tLocalization prob\tAmino acid\tReverse\n"
    "Q00001\t4\tQ00001\t0.99\tS\t\nQ00001;Q00002\t8;4\tQ00001\t0.5\tT\t\nREV__Q00001\t3\tREV__Q00001\t1\tS\t+\n"
)
PSP = (
    "011624\nPhosphoSitePlus\n\nGENE\tACC_ID\tMOD_RSD\tORGANISM\tLT_LIT\n"
    "AAA\tQ00001\tS4-p\thuman\t1\nAAA\tQ00001\tT8-p\thuman\t\nAAA\tQ00001\tK7-ac\thuman\t\n"
)
GFF3 = (
    "##gff-version 3\nQ00001\tUniProtKB\tModified residue\t4\t4\t.\t.\t.\tNote=Phosphoserine;evidence=ECO:0000269\n"
    "Q00001\tUniProtKB\tModified residue\t8\t8\t.\t.\t.\tNote=Phosphothreonine;evidence=ECO:0007744\n"
    "Q00001\tUniProtKB\tChain\t1\t23\t.\t.\t.\tNote=x\n"
)
XML = (
    '<uniprot xmlns="http://uniprot.org/uniprot"><entry>\n<accession>Q00001</accession><name>AAA</name>\n'
    '<organism><name>x</name><dbReference id="9606"/></organism>\n'
    '<feature type="modified residue" description="Phosphoserine" evidence="1">\n'
    '<location><position position="4"/></location></feature>\n'
    f'<evidence key="1" type="ECO:0000269"/>\n<sequence>{SEQUENCE}</sequence>\n</entry></uniprot>\n'
)
TEXT = (
    "ID   AAA_HUMAN               Reviewed;          23 AA.\nAC   Q00001;\nOS   Homo sapiens.\nOX   NCBI_TaxID=9606;\n"
    'FT   MOD_RES         4\nFT                   /note="Phosphoserine"\nFT                   /evidence="ECO:0000269"\n'
    f"SQ   SEQUENCE   23 AA;  2500 MW;  0123456789ABCDEF CRC64;\n     {SEQUENCE}\n//\n"
)
HASH = f">Q00001 x\nMKAS#PEK\nT@PLLY\n#RSGDERTASPK\n>b\nMS#T-Y@\n>c\n{SEQUENCE}\n"
TABLE = (
    "accession\tposition\tresidue\tstate\tmodification\tlocalization_prob\n"
    "Q00001\tS4\tS\tpositive\tPhospho\t0.9\nQ00001\t8\tT\t0\tPhospho\t0.2\nQ00002\tSer10\t\t1\tOxidation\t1\n"
)
LISTS = "Index\tProtein\tBest Localization Probability\nQ00001_S4\tQ00001\t0.98\nQ00002_1_9_2_2_S2T3\tsp|Q00002|X\t1\n"
UNIPROT = (
    'Entry\tModified residue\nQ00001\tMOD_RES 4; /note="Phosphoserine"; /evidence="ECO:0000269"\nQ00002\t\n'
)
DIANN = "Protein.Sites\tPTM.Site.Confidence\n[Q00001:S4,T8];[Q00002:S10]\t0.9\nQ00001:M1\t0.9\n"
PROFORMA = (
    ">Q00001\nMKAS[Phospho]PEKT[UNIMOD:21#g1(0.9)]PLLY[#g1(0.1)]RSGDERTASPK\n>b\n[Phospho]^2?SK-[Methyl]/2\n"
)

CONVERTED = {
    "hash": (HASH,),
    "uniprot-text": (TEXT,),
    "uniprot-xml": (XML,),
    "uniprot-gff": (GFF3,),
    "phosphositeplus": (PSP,),
    "maxquant": (MAXQUANT,),
    "table": (TABLE, LISTS, UNIPROT, DIANN, TABLE.replace("\t", ";")),
}
KNOWN = {
    "tsv": CONVERTED["table"],
    "gff3": (GFF3,),
    "proforma": (PROFORMA,),
    "fasta": (HASH, HASH.replace("#", "@", 1)),
}


def damaged(text, rng):
    """Change a text in one to three places."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.choice((0, 1, 1, 3, 20)))
        kind = rng.random()
        if kind < 0.15 and (numbers := re.findall(r"\d+", text)):
            text = text.replace(
                rng.choice(numbers), rng.choice(NUMBERS)
            )  # wherever it stands: GFF3 has it twice
        elif kind < 0.55:
            text = text[:at] + rng.choice(TOKENS) + text[end:]
        elif kind < 0.75:
            text = text[:at] + text[end:]
        elif kind < 0.85:
            text = text[:at] + text[at:end] * 3 + text[end:]
        else:
            lines = text.split("\n")
            one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[one], lines[other] = lines[other], lines[one]
            text = "\n".join(lines)
    return text


def check_line(text):
    assert text.isprintable(), repr(text)
    assert 0 < len(text) <= LONGEST_MESSAGE, text


def try_all(count, seed, texts, name, accept):
    """Return the share of damaged texts that were accepted; every other one is refused in one line."""
    rng = random.Random(seed)
    accepted = 0
    for _ in range(count):
        content = damaged(rng.choice(texts), rng)
        Path(name).write_bytes(content.encode(errors="surrogateescape"))
        try:
            accept(name, rng)
            accepted += 1
        except PhosphoT5Error as error:
            check_line(str(error))
        except BaseException as error:
            error.add_note(f"{name}: {content!r}")
            raise
    return accepted / count


def accept_fasta(name, rng):
    ledger = Ledger()
    proteins = list(read_fasta(name, ledger=ledger, on_error=rng.choice(("skip", "raise"))))
    ledger.check(len(proteins))
    lines = io.StringIO(Path(name).read_bytes().decode("utf-8-sig", "surrogateescape"), newline=None)
    assert ledger.read == sum(line.strip().startswith(">") for line in lines)
    for record in ledger.skipped_records:
        check_line(record.detail)
    for protein in proteins:
        sites = [(site.position, site.residue) for site in protein.sites()]
        assert len(sites) == sum(map(protein.sequence.count, "STY"))


def accept_converted(form):
    def accept(name, rng):
        needs_fasta = form not in ("hash", "uniprot-text", "uniprot-xml")
        converter = Converter(
            ConvertOptions(skip_bad=rng.random() < 0.5),
            read_sequences("proteins.fa") if needs_fasta else None,
        )
        converter.add(name, form)
        proteins = converter.finish()
        assert converter.ledger.used == len(proteins)
        for complaint in converter.complaints():
            check_line(complaint)
        for protein in proteins:
            labelled = {i for i, state in enumerate(protein.states) if state}
            assert all(protein.sequence[i] in "STY" for i in labelled)

    return accept


def accept_known(name, rng):
    known = KnownSites.read(name)
    ledger = Ledger()
    proteins = list(known.mark(read_fasta("proteins.fa", ledger=ledger), ledger))
    assert len(proteins) == ledger.used == 3
    marked = sum(protein.states.count(1) for protein in proteins)
    used = int(known.summary().partition("; ")[2].split()[0].replace(",", ""))
    assert 0 < marked <= used


KINDS = {
    "fasta": (2500, (FASTA,), "in.fa", accept_fasta),
    **{
        f"convert {form}": (1000, texts, f"in.{'tsv' if form == 'table' else 'txt'}", accept_converted(form))
        for form, texts in CONVERTED.items()
    },
    **{f"known {ending}": (1400, texts, f"in.{ending}", accept_known) for ending, texts in KNOWN.items()},
}
LEAST, MOST = {"convert uniprot-xml": 0.05, "known fasta": 0.1}, 0.95
"""Share of the damaged inputs that are still accepted: a campaign whose inputs all fail early finds nothing."""


def campaign(kind, folder, monkeypatch, factor, seed):
    monkeypatch.chdir(folder)
    Path("proteins.fa").write_text(PROTEINS)
    count, texts, name, accept = KINDS[kind]
    share = try_all(count * factor, seed, texts, name, accept)
    assert LEAST.get(kind, 0.15) <= share <= MOST, f"{share:.0%} accepted"


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_inputs_are_accounted_for_or_refused_in_one_line(kind, tmp_path, monkeypatch):
    campaign(kind, tmp_path, monkeypatch, 1, 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_more_damaged_inputs(kind, tmp_path, monkeypatch):
    campaign(kind, tmp_path, monkeypatch, 10, 2)
